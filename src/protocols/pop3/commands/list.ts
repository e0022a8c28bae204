import { command } from "../command.ts";
import type { Maildrop } from "../maildrop.ts";
import { err, ok } from "../reply.ts";
import { optionalMessageNumber } from "../wire/rules.ts";

/** LIST: the size of one message, or of each. */
export const list = command({
  name: "LIST",
  rfc: ["1939 §5"],
  states: ["transaction"],
  args: optionalMessageNumber,
  run({ args: number }, { user: { maildrop } }) {
    if (number === null) {
      const { messages, octets } = maildrop.totals();
      return { status: "+OK", text: `${messages} messages (${octets} octets)`, lines: sizes(maildrop) };
    }
    const message = maildrop.find(number);
    return message === null ? err("No such message") : ok(`${message.number} ${message.octets}`);
  },
});

function* sizes(maildrop: Maildrop): Generator<string> {
  for (const message of maildrop.listed()) yield `${message.number} ${message.octets}`;
}
