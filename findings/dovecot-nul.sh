#!/usr/bin/env bash
# Dovecot 2.3.19.1 (Debian 1:2.3.19.1+dfsg1-2.1+deb12u7): one NUL octet in a Subject is three different things in three
# answers, and a search with what ENVELOPE says does not find the message.
#
# What one would guess: as only BINARY's literal8 may carry NUL (RFC 3501 §9, RFC 3516), all else has one replacement for
# it, one that leaves valid UTF-8 valid; what a client was shown as the subject can be searched for.
# What happens: BODY[HEADER] has the lone octet 0x80, so that a field of pure ASCII is no UTF-8 any more; ENVELOPE has
# U+FFFD; BINARY[] has the NUL. SEARCH SUBJECT finds it neither with U+FFFD nor with a space nor with nothing there.
#
# Eider shows the same in BODY[] and ENVELOPE, and SEARCH reads U+FFFD, so that it is found:
# src/protocols/nul-octets.test.ts.
#
# Output seen:
#   BODY[HEADER]: 61 80 62
#   BINARY[]: 61 00 62
#   ENVELOPE: 61 ef bf bd 62
#   SEARCH SUBJECT with U+FFFD, with a space, without either: none none none
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

mkdir -p home/mail/cur home/mail/new home/mail/tmp
printf 'Subject: a\0b\n\ntext\n' >home/mail/cur/1:2,
printf '%s\r\n' 'b SELECT INBOX' 'c FETCH 1 BODY.PEEK[HEADER]' 'd FETCH 1 BINARY.PEEK[]' 'e FETCH 1 ENVELOPE' \
  'f SEARCH CHARSET UTF-8 SUBJECT {5+}' $'a\xef\xbf\xbdb' 'g SEARCH SUBJECT "a b"' 'h SEARCH SUBJECT ab' \
  'i LOGOUT' >commands
session "maildir:$place/home/mail" <commands >seen
# between ITEM: the octets from a to b in the answer that has it.
between() { sed -n "/FETCH ($1/,/^)/p" seen | LC_ALL=C grep -aom1 'a[^a-z]*b' | od -An -tx1 | sed 's/ 0a$//'; }
searches=$(grep -a '^\* SEARCH' seen | sed 's/^\* SEARCH$/none/' | paste -sd ' ')
seen="BODY[HEADER]:$(between 'BODY\[')
BINARY[]:$(between 'BINARY\[')
ENVELOPE:$(between ENVELOPE)
SEARCH SUBJECT with U+FFFD, with a space, without either: $searches"
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
