#!/usr/bin/env bash
# mailparser 3.14.2 (npm): a Date that it cannot read is the time at which it was read; without a Date there is none.
#
# What one would guess: `date` is undefined for a Date that is not understood, as it is for none, so that a program falls
# back on Received or on the store's date; two readings of the same octets give the same. And what RFC 5322 has as
# an example is understood.
# What happens: the clock takes its place, in `date` and in `headers`. So it is for the example of RFC 5322, Appendix
# A.6.3, with comments and blanks as a Date may have them, and for a zone by another name than those of RFC 822 (CET),
# which is to be read as -0000 (RFC 5322 §4.3). Old mail becomes today's, anew at each reading.
#
# Eider reads both, and has no date where there is none to read: src/domain/mime/message-date.test.ts.
#
# Output seen:
#   Fri, 21 Nov 1997 09:55:06 -0600: 1997-11-21T15:55:06.000Z
#   Fri, 21 Nov 97 09(comment):   55  :  06 -0600: now
#   Fri, 21 Nov 1997 09:55:06 CET: now
#   whenever: now
#   without Date: undefined
#
# Exits 0 while that is so, 1 when it has changed, 2 when it cannot run. Needs node, npm and the registry; removes what it
# installs.
set -Eeuo pipefail
trap 'echo "cannot run: stopped at line $LINENO" >&2; exit 2' ERR
stated=$(sed -n 's/^#   //p' "$0")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent --ignore-scripts mailparser@3.14.2 >/dev/null
cat >probe.mjs <<'JS'
import { simpleParser } from "mailparser";

const started = Date.now();
const dates = [
  "Fri, 21 Nov 1997 09:55:06 -0600",
  "Fri, 21 Nov 97 09(comment):   55  :  06 -0600",
  "Fri, 21 Nov 1997 09:55:06 CET",
  "whenever",
];
for (const text of dates) {
  const { date } = await simpleParser(`Date: ${text}\r\nSubject: dated\r\n\r\ntext\r\n`);
  const isNow = date >= started && date <= Date.now();
  console.log(`${text}: ${isNow ? "now" : date?.toISOString()}`);
}
const { date } = await simpleParser("Subject: undated\r\n\r\ntext\r\n");
console.log(`without Date: ${date}`);
JS
seen=$(node probe.mjs)
echo "$seen"
if [ "$seen" != "$stated" ]; then
  echo "changed: not as stated at the head" >&2
  exit 1
fi
