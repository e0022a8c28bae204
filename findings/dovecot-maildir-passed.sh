#!/usr/bin/env bash
# Dovecot 2.3.19.1 (Debian 1:2.3.19.1+dfsg1-2.1+deb12u7), Maildir: the letter P, "passed", is not $Forwarded, neither in
# nor out.
#
# What one would guess: Maildir has six letters, P among them for a message that was resent or forwarded, and IMAP has a
# registered keyword for that, $Forwarded (RFC 5788). Dovecot maps the other five to and fro, so this one, too.
# What happens: P in a file name is kept and shown to nobody. A client's $Forwarded takes one of the 26 lower-case
# letters that a folder has for all keywords, beside a P that may stand there already.
#
# Eider reads both as $Forwarded, and writes both: src/cli/mail/maildir.test.ts.
#
# Output seen:
#   1:2,PS is FLAGS (\Seen)
#   KEYWORD $Forwarded finds 0
#   after STORE 1 +FLAGS $Forwarded, and 2 \Flagged: 1:2,PSa 2:2,FPRS
#   dovecot-keywords: 0 $Forwarded
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
printf 'Subject: passed\n\ntext\n' | tee home/mail/cur/1:2,PS >home/mail/cur/2:2,PRS
printf '%s\r\n' 'b SELECT INBOX' 'c FETCH 1 FLAGS' 'd SEARCH KEYWORD $Forwarded' 'e STORE 1 +FLAGS.SILENT $Forwarded' \
  'f STORE 2 +FLAGS.SILENT \Flagged' 'g LOGOUT' >commands
session "maildir:$place/home/mail" <commands >seen
seen="1:2,PS is $(sed -n 's/^\* 1 FETCH (\(.*\) *\\Recent))$/\1/p' seen | sed 's/ *$//'))
KEYWORD \$Forwarded finds $(grep -m1 '^\* SEARCH' seen | wc -w | awk '{ print $1 - 2 }')
after STORE 1 +FLAGS \$Forwarded, and 2 \\Flagged: $(ls home/mail/cur | paste -sd ' ')
dovecot-keywords: $(cat home/mail/dovecot-keywords)"
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
