import { command } from "../command.ts";
import { err } from "../reply.ts";
import { sendMessage } from "../send-message.ts";
import { messageAndLines } from "../wire/rules.ts";

/** TOP: the header, the empty line, and so many lines of the body. Does not count as reading the message. */
export const top = command({
  name: "TOP",
  rfc: ["1939 §7"],
  states: ["transaction"],
  args: messageAndLines,
  async run({ args: { message: number, lines } }, session) {
    const message = session.user.maildrop.find(number);
    return message === null ? err("No such message") : sendMessage(session, message, lines);
  },
});
