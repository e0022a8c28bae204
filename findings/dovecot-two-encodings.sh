#!/usr/bin/env bash
# Dovecot 2.3.19.1 (Debian 1:2.3.19.1+dfsg1-2.1+deb12u7): for one and the same message BODYSTRUCTURE and BINARY differ
# in its Content-Transfer-Encoding.
#
# What one would guess: what BODYSTRUCTURE calls the encoding of a part is what BINARY (RFC 3516) decodes by, and what
# SEARCH reads by; one server reads one message in one way. A client that trusts BODYSTRUCTURE relies on it.
# What happens: in a message without MIME-Version and Content-Type, BODYSTRUCTURE ignores Content-Transfer-Encoding,
# Content-Disposition and Content-ID (7bit, 10 octets, no file name); BINARY and SEARCH heed the encoding (5 octets,
# decoded). With MIME-Version they agree.
#
# Eider reads MIME in one place, heeds the fields without MIME-Version too: src/domain/mime/body-structure.test.ts.
#
# Output seen, without and with MIME-Version:
#   BODYSTRUCTURE: "7bit" 10, no file name
#   BINARY.SIZE[1] 5
#   BODY[] has "hello" for SEARCH: yes
#   BODYSTRUCTURE: "base64" 10, a.txt
#   BINARY.SIZE[1] 5
#   BODY[] has "hello" for SEARCH: yes
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
fields='Content-Transfer-Encoding: base64\nContent-ID: <a@example.com>\n'
fields+='Content-Disposition: attachment; filename=a.txt\n\naGVsbG8=\n'
{
  append '' "$fields"
  append '' "MIME-Version: 1.0\n$fields"
  printf 'b SELECT INBOX\r\nc FETCH 1 (BODYSTRUCTURE BINARY.SIZE[1])\r\nd FETCH 2 (BODYSTRUCTURE BINARY.SIZE[1])\r\n'
  printf 'e SEARCH BODY hello\r\nf LOGOUT\r\n'
} >commands
session "maildir:$place/home/mail" <commands >seen
seen=$(
  for number in 1 2; do
    answer=$(grep "^\* $number FETCH" seen)
    name=$(grep -o 'a\.txt' <<<"$answer" || echo no file name)
    echo "BODYSTRUCTURE: $(grep -oE '"(7bit|base64)" [0-9]+' <<<"$answer"), $name"
    grep -oE 'BINARY.SIZE\[1\] [0-9]+' <<<"$answer"
    echo "BODY[] has \"hello\" for SEARCH: $(grep -qE "^\* SEARCH.* $number\b" seen && echo yes || echo no)"
  done
)
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
