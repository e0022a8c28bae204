#!/usr/bin/env bash
# Dovecot 2.3.19.1 (Debian 1:2.3.19.1+dfsg1-2.1+deb12u7), mbox: a date behind `From ` begins a message in the middle of
# a paragraph; a date that is not quite one joins two messages.
#
# What one would guess: a message begins at `From ` behind an empty line (RFC 4155, Appendix A), so a line within a
# paragraph is text, whatever it has; and a zone that stands in the line counts for the date.
# What happens: no empty line is looked for. `From Tom Fri Nov  6 10:00:00 2020` within a letter ends it, without its
# last line end, and the sentence behind it is the header of a message of its own. A year of two digits, as old files have
# it, begins none: that mail is text of the one above. `+0700` behind the year counts; `PST` before it is read as UTC.
#
# Eider wants the empty line, or a field of a header behind the line; a year of two digits does, and the zones that
# RFC 822 names count: src/cli/mail/mbox.test.ts.
#
# Output seen:
#   1: 02-Nov-2020 10:00:00 +0000, header "Subject: letter||", text "I have it."
#   2: 06-Nov-2020 10:00:00 +0000, header "and he was right.|", text ""
#   3: 02-Nov-2020 03:00:00 +0000, header "Subject: +0700||", text "text||From c@example.com Mon Nov  2 10:00:00 98|Subject: 1998||text|"
#   4: 02-Nov-2020 10:00:00 +0000, header "Subject: PST||", text "text|"
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

mkdir home
cat >home/inbox <<'MBOX'
From a@example.com Mon Nov  2 10:00:00 2020
Subject: letter

I have it.
From Tom Fri Nov  6 10:00:00 2020
and he was right.

From b@example.com Mon Nov  2 10:00:00 2020 +0700
Subject: +0700

text

From c@example.com Mon Nov  2 10:00:00 98
Subject: 1998

text

From d@example.com Mon Nov  2 10:00:00 PST 2020
Subject: PST

text

MBOX
printf 'b SELECT INBOX\r\nc FETCH 1:* (INTERNALDATE BODY.PEEK[HEADER] BODY.PEEK[TEXT])\r\nd LOGOUT\r\n' >commands
session "mbox:$place/home/mail:INBOX=$place/home/inbox" <commands >seen
seen=$(sed '1,/^b OK/d; /^c OK/,$d' seen | paste -sd '|' | sed 's/|\* \([0-9]\)/\n* \1/g' |
  sed -E 's/^\* ([0-9]) FETCH \(INTERNALDATE "([^"]*)" BODY\[HEADER\] \{[0-9]+\}\|/\1: \2, header "/
    s/ BODY\[TEXT\] \{[0-9]+\}\|(.*)\)$/", text "\1"/')
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
