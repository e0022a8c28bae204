#!/usr/bin/env bash
# Dovecot 2.3.19.1 (Debian 1:2.3.19.1+dfsg1-2.1+deb12u7), mbox: a `Status:` field of the author's own is taken for
# Dovecot's, and is gone; what is APPENDed comes back shorter.
#
# What one would guess: IMAP keeps a message as it was given (RFC 3501 §2.3.1.1: never changes under its UID), so fields
# that the storage itself uses are kept elsewhere, or are told from others by the few letters that they may hold.
# What happens: `Status`, `X-Status`, `X-Keywords`, `X-UID` and `Content-Length` are stripped in APPEND, and hidden in
# mail that was delivered to the file, whatever they say. Of such mail each letter counts: `Status: Resolved`, as ticket
# systems write, makes it \Seen for its R; `X-Status: Forwarded` flags it for its F. A signature over such a field
# (DKIM) does not hold any more.
#
# Eider keeps what is APPENDed octet for octet; in an mbox that it imports these fields are flags only where they have
# nothing but the letters, and else the author's: src/cli/mail/mbox.test.ts.
#
# Output seen:
#   delivered, Status: Resolved: FLAGS (\Seen)
#   delivered, X-Status: Forwarded: FLAGS (\Flagged)
#   delivered, fields: Subject
#   appended 110 octets, fetched 29
#   appended, fields: Subject
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
for field in 'Status: Resolved' 'X-Status: Forwarded'; do
  printf 'From a@example.com Mon Nov  2 10:00:00 2020\nSubject: ticket\n%s\n\ntext\n\n' "$field" >>home/inbox
done
text='Subject: ticket 3\nStatus: Resolved\nX-Status: 7\nX-Keywords: a\nX-UID: of mine\nContent-Length: ?\n\ntext 3\n'
{
  append '' "$text"
  printf '%s\r\n' 'b SELECT INBOX' 'c FETCH 1:2 (FLAGS BODY.PEEK[HEADER])' \
    'd FETCH 3 (FLAGS RFC822.SIZE BODY.PEEK[HEADER])' 'e LOGOUT'
} >commands
session "mbox:$place/home/mail:INBOX=$place/home/inbox" <commands >seen
appended=$(printf '%b' "${text//\\n/\\r\\n}" | wc -c)
flags() { sed -n "s/^\* $1 FETCH (FLAGS (\([^)]*\)).*/\1/p" seen | sed 's/ *\\Recent//'; }
fields() { sed -n "/^\* $1 FETCH/,/^)/p" seen | grep -oE '^[A-Za-z-]+:' | tr -d : | sort -u | paste -sd ' '; }
[ "$(fields 1)" = "$(fields 2)" ]
seen="delivered, Status: Resolved: FLAGS ($(flags 1))
delivered, X-Status: Forwarded: FLAGS ($(flags 2))
delivered, fields: $(fields 1)
appended $appended octets, fetched $(sed -n 's/.*RFC822.SIZE \([0-9]*\).*/\1/p' seen)
appended, fields: $(fields 3)"
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
