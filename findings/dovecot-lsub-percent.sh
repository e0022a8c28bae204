#!/usr/bin/env bash
# Dovecot 2.3.19.1 (Debian 1:2.3.19.1+dfsg1-2.1+deb12u7): LSUB shows a level above a subscription for `a/%`, not for
# `a/%2`; LIST (SUBSCRIBED RECURSIVEMATCH) shows it for both.
#
# What one would guess: with a/b2/c subscribed to, the pattern `a/%2` matches a/b2 as `a/%` does, so LSUB has it with
# \Noselect ("with the % wildcard", RFC 3501 §6.3.9), and the newer LIST (SUBSCRIBED RECURSIVEMATCH) of RFC 5258, made
# to replace it, agrees.
# What happens: LSUB does so only where `%` is the last character; else it answers OK with nothing.
#
# Eider shows the level for any pattern with `%`: src/protocols/imap/commands/lsub.transcript.
#
# Output seen:
#   LSUB "" a/%: LSUB (\Noselect) "/" a/b2
#   LSUB "" a/%2: nothing
#   LIST (SUBSCRIBED RECURSIVEMATCH) "" a/%: LIST () "/" a/b2 (CHILDINFO ("SUBSCRIBED"))
#   LIST (SUBSCRIBED RECURSIVEMATCH) "" a/%2: LIST () "/" a/b2 (CHILDINFO ("SUBSCRIBED"))
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
patterns=(
  'LSUB "" a/%' 'LSUB "" a/%2' 'LIST (SUBSCRIBED RECURSIVEMATCH) "" a/%' 'LIST (SUBSCRIBED RECURSIVEMATCH) "" a/%2'
)
{
  printf '%s\r\n' 'a CREATE a/b2/c' 'b SUBSCRIBE a/b2/c'
  for number in 0 1 2 3; do printf 't%s %s\r\n' "$number" "${patterns[$number]}"; done
  printf 'z LOGOUT\r\n'
} >commands
session "maildir:$place/home/mail:LAYOUT=fs" <commands >seen
seen=$(
  for number in 0 1 2 3; do
    before=$([ "$number" = 0 ] && echo b || echo "t$((number - 1))")
    lines=$(sed "1,/^$before OK/d; /^t$number OK/,\$d; s/^\* //" seen)
    echo "${patterns[$number]}: ${lines:-nothing}"
  done
)
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
