#!/usr/bin/env bash
# mutt 2.2.12 (Debian 2.2.12-0.1~deb12u2): with mbox_type=mbox it neither quotes `From ` lines when it writes an mbox nor
# takes quotes away when it reads one.
#
# What one would guess: `mbox`, beside `mmdf`, is the common kind with `>From `: whoever writes it quotes what would
# divide a message, and takes the quotes away when it goes on into a Maildir, where nothing needs them.
# What happens: the body is copied as it is. Only a Content-Length tells where it ends, so readers that heed none see two
# messages in one. `>From ` and `>>From ` of a file with quotes arrive in the Maildir, and so do Content-Length and Lines,
# which mutt adds: the message there is not the one that was sent.
#
# Eider tells both kinds of file apart and undoes either: src/cli/mail/mbox.test.ts.
#
# Output seen:
#   a letter from a Maildir, in an mbox: Subject: letter|Status: RO|Content-Length: 46||From Tom Fri Nov  6 10:00:00 2020|it is clear||
#   a letter from a quoted mbox, in a Maildir: Subject: quoted|Content-Length: 28|Lines: 2||>From the start|>>From here
#
# Exits 0 while that is so, 1 when it has changed, 2 when it cannot run. Needs apt-get on Debian 12; removes what it
# fetches.
set -Eeuo pipefail
trap 'echo "cannot run: stopped at line $LINENO" >&2; exit 2' ERR
stated=$(sed -n 's/^#   //p' "$0")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
packages=(mutt=2.2.12-0.1~deb12u2 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libgsasl18=2.2.0-1+deb12u2
  libidn12=1.41-1 libntlm0=1.6-4 libgssglue1=0.7-1.1 libtokyocabinet9=1.4.48-15)
apt-get -q download "${packages[@]}" >apt.log 2>&1 || { cat apt.log >&2; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done

mkdir -p home one/cur one/new one/tmp two/cur two/new two/tmp
printf 'Subject: letter\n\nFrom Tom Fri Nov  6 10:00:00 2020\nit is clear\n' >one/cur/1:2,S
printf 'From a@example.com Mon Nov  2 10:00:00 2020\nSubject: quoted\n\n>From the start\n>>From here\n\n' >quoted
printf '%s\n' 'set mbox_type=mbox' 'set copy=yes' 'set confirmcreate=no' 'set confirmappend=no' 'set quit=yes' >settings
# copy FROM TO: every message, as one would by its keys; script is the terminal that mutt wants.
copy() {
  local keys="<tag-pattern>~A<enter><tag-prefix><copy-message>./$2<enter><quit>"
  env -i PATH="$PATH" TZ=UTC TERM=xterm HOME="$place/home" LD_LIBRARY_PATH="$place/usr/lib/$(uname -m)-linux-gnu" \
    script -qec "usr/bin/mutt -n -F settings -f $1 -e 'push \"$keys\"'" /dev/null </dev/null >screen
}
copy one written
copy quoted two
head -1 written | grep -q '^From '
seen="a letter from a Maildir, in an mbox: $(sed 1d written | paste -sd '|')|
a letter from a quoted mbox, in a Maildir: $(cat two/*/* | paste -sd '|')"
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
