#!/usr/bin/env bash
# Dovecot 2.3.19.1 (Debian 1:2.3.19.1+dfsg1-2.1+deb12u7): APPEND takes any date with OK, and keeps some as another one.
#
# What one would guess: the message has the date that APPEND names (RFC 3501 §6.3.11), as times have 64 bits and a
# file's modification time holds 1969 as well as 2040; where a date cannot be held, the answer is NO.
# What happens: the last second of 1969 alone, which is -1, becomes 13 December 1901, the lowest 32-bit time; the second
# before it is kept. Dates before 1901 are that time, too. More than two hours ahead is the time of the APPEND, so that
# a backup of a server whose clock was wrong loses its dates. All are answered OK.
#
# Eider keeps the dates of 1970 to 2106 and answers NO [CANNOT] to others: src/protocols/imap/commands/append.transcript.
#
# Output seen (all were answered OK):
#   31-Dec-1969 23:59:58 is 31-Dec-1969 23:59:58
#   31-Dec-1969 23:59:59 is 13-Dec-1901 20:45:52
#   01-Jan-1970 00:00:00 is 01-Jan-1970 00:00:00
#   01-Jan-1900 00:00:00 is 13-Dec-1901 20:45:52
#   an hour ahead is an hour ahead
#   a day ahead is now
#   01-Jan-2100 00:00:00 is now
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
start=$(date +%s)
imapDate() { LC_ALL=C date -u -d "$1" '+%d-%b-%Y %H:%M:%S'; }
dates=(
  "31-Dec-1969 23:59:58" "31-Dec-1969 23:59:59" "01-Jan-1970 00:00:00" "01-Jan-1900 00:00:00"
  "$(imapDate "@$((start + 3600))")" "$(imapDate "@$((start + 86400))")" "01-Jan-2100 00:00:00"
)
{
  for date in "${dates[@]}"; do append "\"$date +0000\" " 'Subject: dated\n\ntext\n'; done
  printf 'b SELECT INBOX\r\nc FETCH 1:* INTERNALDATE\r\nd LOGOUT\r\n'
} >commands
session "maildir:$place/home/mail" <commands >seen
[ "$(grep -c '^a OK ' seen)" = 7 ]
# word DATE: the date, or how it lies to the start of this script.
word() {
  local ahead=$(($(date -u -d "$1 UTC" +%s) - start))
  if [ "$ahead" -ge 0 ] && [ "$ahead" -lt 1800 ]; then echo now
  elif [ "$ahead" = 3600 ]; then echo an hour ahead
  elif [ "$ahead" = 86400 ]; then echo a day ahead
  else echo "$1"; fi
}
seen=$(
  sed -n 's/.*INTERNALDATE "\(.*\) +0000").*/\1/p' seen | {
    for date in "${dates[@]}"; do
      read -r kept
      echo "$(word "$date") is $(word "$kept")"
    done
  }
)
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
