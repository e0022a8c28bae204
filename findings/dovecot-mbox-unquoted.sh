#!/usr/bin/env bash
# Dovecot 2.3.19.1 (Debian 1:2.3.19.1+dfsg1-2.1+deb12u7), mbox: lines with `From ` are written without `>`; only
# Content-Length tells them from separators, and the first message of a file may have none.
#
# What one would guess: whoever writes an mbox puts `>` before such lines (mboxo, mboxrd), since most readers split there;
# or every message says its length, so that a reader who finds one without knows that the file is not of this kind.
# What happens: nothing is quoted. Content-Length counts what is in the file, without the empty line behind; Lines stays
# as the client wrote it, right or wrong. When a folder has been emptied, the file begins with a message of Dovecot's
# own, FOLDER INTERNAL DATA, which IMAP does not show, and which has no length: a reader that trusts lengths only where
# all messages have one splits every letter that quotes a letter.
#
# Eider reads such files by their lengths, passes over Dovecot's own message, and writes mboxrd:
# src/cli/mail/mbox.test.ts.
#
# Output seen, the file without the fields for flags:
#   FOLDER INTERNAL DATA: no Content-Length; over IMAP: * 0 EXISTS
#   Subject: two|Lines: 99|Content-Length: 59||Hello||From a friend|From Tom Fri Nov  6 10:00:00 2020|end||
#   the body: 59 octets with LF
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
box="mbox:$place/home/mail:INBOX=$place/home/inbox"
body='Hello\n\nFrom a friend\nFrom Tom Fri Nov  6 10:00:00 2020\nend\n'
{
  append '' 'Subject: one\n\ntext\n'
  printf '%s\r\n' 'b SELECT INBOX' 'c STORE 1 +FLAGS.SILENT \Deleted' 'd EXPUNGE' 'e LOGOUT'
} >commands
session "$box" <commands >seen
{
  printf 'b SELECT INBOX\r\n'
  append '' "Subject: two\nLines: 99\n\n$body"
  printf 'd LOGOUT\r\n'
} >commands
session "$box" <commands >seen
own=$(awk '/^From / { messages++ } messages == 1' home/inbox)
grep -q 'FOLDER INTERNAL DATA' <<<"$own"
length=$(grep '^Content-Length:' <<<"$own" || echo no Content-Length)
seen="FOLDER INTERNAL DATA: $length; over IMAP: $(grep -m1 EXISTS seen)
$(sed -n '/^Subject: two/,$p' home/inbox | grep -vE '^(X-UID|Status|X-Keywords):' | paste -sd '|')|
the body: $(printf '%b' "$body" | wc -c) octets with LF"
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
