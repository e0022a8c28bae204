import { command } from "../command.ts";
import type { Maildrop } from "../maildrop.ts";
import { err, ok } from "../reply.ts";
import { optionalMessageNumber } from "../wire/rules.ts";

/** UIDL: names of messages that stay the same from session to session. */
export const uidl = command({
  name: "UIDL",
  rfc: ["1939 §7"],
  states: ["transaction"],
  args: optionalMessageNumber,
  run({ args: number }, { user: { maildrop } }) {
    if (number === null) return { status: "+OK", text: "unique ids follow", lines: uniqueIds(maildrop) };
    const message = maildrop.find(number);
    return message === null ? err("No such message") : ok(`${message.number} ${message.uniqueId}`);
  },
});

function* uniqueIds(maildrop: Maildrop): Generator<string> {
  for (const message of maildrop.listed()) yield `${message.number} ${message.uniqueId}`;
}
