#!/usr/bin/env bash
# Dovecot 2.3.19.1 (Debian 1:2.3.19.1+dfsg1-2.1+deb12u7): a message of 1910 shows its date, and is sorted and searched as
# one of 2046.
#
# What one would guess: an INTERNALDATE that FETCH shows is the one that SEARCH and SORT go by.
# What happens: FETCH has "01-Jan-1910". SORT (ARRIVAL) puts it behind 1975; SEARCH SINCE 1-Jan-2040 finds it, BEFORE
# does not, nor does ON 1-Jan-1910: 2^32 seconds later is its date there. What archives hold from before 1970, with dates
# set by hand, is the newest mail.
#
# Eider takes no date before 1970, with NO [CANNOT], and sorts all others as shown:
# src/protocols/imap/commands/append.transcript.
#
# Output seen:
#   FETCH 1 INTERNALDATE: 01-Jan-1910
#   FETCH 2 INTERNALDATE: 01-Jan-1975
#   SORT (ARRIVAL): 2 1
#   BEFORE 1-Jan-1980: 2
#   ON 1-Jan-1910: none
#   SINCE 1-Jan-2040: 1
#
# Exits 0 while that is so, 1 when it has changed, 2 when it cannot run. Needs apt-get on Debian 12; removes what it
# fetches.
set -Eeuo pipefail
trap 'echo "cannot run: stopped at line $LINENO" >&2; exit 2' ERR
stated=$(sed -n 's/^#   //p' "$0")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
dovecot=1:2.3.19.1+dfsg1-2.1+deb12u7
packages=("dovecot-core=$dovecot" "dovecot-imapd=$dovecot" libunwind8=1.6.2-3)
apt-get -q download "${packages[@]}" >apt.log 2>&1 || { cat apt.log >&2; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done

# One IMAP session on a pipe, logged in already: doveconf gives imap its settings, as Dovecot's master would.
session() {
  local become=() user group
  user=$(id -u) group=$(id -g)
  if [ "$user" = 0 ]; then
    user=65534 group=65534 # Dovecot refuses to be root.
    become=(setpriv "--reuid=$user" "--regid=$group" --clear-groups)
    chmod 755 .
    chown -R "$user:$group" home
  fi
  printf '%s\n' 'protocols = imap' 'ssl = no' "base_dir = $place/home/run" "state_dir = $place/home/state" \
    "first_valid_uid = $user" "first_valid_gid = $group" "mail_location = $1" \
    'namespace inbox {' '  inbox = yes' '  separator = /' '}' >dovecot.conf
  local libraries="$place/usr/lib/dovecot:$place/usr/lib/$(uname -m)-linux-gnu"
  local imap=("${become[@]}" usr/bin/doveconf -c "$place/dovecot.conf" -m imap -f service=imap)
  imap+=(-e "$place/usr/lib/dovecot/imap")
  # It wants a pipe, not a file, to read from.
  cat | env -i PATH="$PATH" TZ=UTC USER=reader HOME="$place/home" LD_LIBRARY_PATH="$libraries" "${imap[@]}" 2>errors |
    tr -d '\r' >answers || { cat errors >&2; return 2; }
  grep -q PREAUTH answers || return 2
  cat answers
}

# append OPTIONS TEXT: the command for INBOX, with CRLF, as a non-synchronising literal.
append() {
  printf '%b' "${2//\\n/\\r\\n}" >literal
  printf 'a APPEND INBOX %s{%d+}\r\n' "$1" "$(wc -c <literal)"
  cat literal
  printf '\r\n'
}

mkdir home
keys=('BEFORE 1-Jan-1980' 'ON 1-Jan-1910' 'SINCE 1-Jan-2040')
{
  append '"01-Jan-1910 00:00:00 +0000" ' 'Subject: old\n\ntext\n'
  append '"01-Jan-1975 00:00:00 +0000" ' 'Subject: newer\n\ntext\n'
  printf '%s\r\n' 'b SELECT INBOX' 'c FETCH 1:2 INTERNALDATE' 'd SORT (ARRIVAL) UTF-8 ALL'
  printf 'e SEARCH %s\r\n' "${keys[@]}"
  printf 'f LOGOUT\r\n'
} >commands
session "maildir:$place/home/mail" <commands >seen
seen=$(
  sed -n 's/^\* \([12]\) FETCH (INTERNALDATE "\([^ ]*\) .*/FETCH \1 INTERNALDATE: \2/p' seen
  echo "SORT (ARRIVAL):$(sed -n 's/^\* SORT//p' seen)"
  for number in 0 1 2; do
    found=$(grep '^\* SEARCH' seen | sed -n "$((number + 1))s/^\* SEARCH *//p")
    echo "${keys[$number]}: ${found:-none}"
  done
)
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
