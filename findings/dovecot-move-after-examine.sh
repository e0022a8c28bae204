#!/usr/bin/env bash
# Dovecot 2.3.19.1 (Debian 1:2.3.19.1+dfsg1-2.1+deb12u7): after EXAMINE, STORE changes nothing and says OK, and MOVE takes
# the message out of the mailbox.
#
# What one would guess: a mailbox that was opened with EXAMINE cannot be changed (RFC 3501 §6.3.2: "No changes to the
# permanent state"), so STORE, EXPUNGE and MOVE are NO; or they are ignored, all alike. Programs that read only open
# mailboxes so, to be safe from their own faults.
# What happens: STORE is OK without effect, the reason in words only; EXPUNGE is OK. MOVE moves: the message is expunged
# from the mailbox for good, though the server has said READ-ONLY.
#
# Eider answers NO [READ-ONLY] to each, and nothing changes: src/protocols/imap/commands/examine.transcript.
#
# Output seen:
#   EXAMINE: OK [READ-ONLY], 2 messages
#   STORE 1 +FLAGS \Seen: OK; FETCH 1 FLAGS: ()
#   EXPUNGE: OK
#   MOVE 2 other: OK
#   SELECT: 1 message
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
{
  for number in 1 2; do append '' "Subject: $number\n\ntext\n"; done
  printf '%s\r\n' 'b CREATE other' 'c EXAMINE INBOX' 'd STORE 1 +FLAGS.SILENT \Seen' 'e FETCH 1 FLAGS' 'f EXPUNGE' \
    'g MOVE 2 other' 'h SELECT INBOX' 'i LOGOUT'
} >commands
session "maildir:$place/home/mail" <commands >seen
result() { sed -n "s/^$1 \(OK\( \[[A-Z-]*\]\)\?\|NO\|BAD\).*/\1/p" seen; }
exists() { sed -n 's/^\* \([0-9]*\) EXISTS/\1/p' seen | sed -n "$1p"; }
flags=$(grep -oE '^\* 1 FETCH \(FLAGS \([^)]*' seen | sed 's/.*(/(/; s/\\Recent//')
seen="EXAMINE: $(result c), $(exists 1) messages
STORE 1 +FLAGS \\Seen: $(result d); FETCH 1 FLAGS: $flags)
EXPUNGE: $(result f)
MOVE 2 other: $(result g)
SELECT: $(exists 2) message"
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
