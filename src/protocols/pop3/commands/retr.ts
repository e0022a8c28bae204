import { command } from "../command.ts";
import { err } from "../reply.ts";
import { sendMessage } from "../send-message.ts";
import { messageNumber } from "../wire/rules.ts";

/** RETR: a message, whole. It counts as seen once the session ends with QUIT. */
export const retr = command({
  name: "RETR",
  rfc: ["1939 §5"],
  states: ["transaction"],
  args: messageNumber,
  async run({ args: number }, session) {
    const message = session.user.maildrop.find(number);
    if (message === null) return err("No such message");
    const reply = await sendMessage(session, message);
    if (reply.status === "+OK") {
      session.user.maildrop.retrieved(number);
      session.user.showMarks();
    }
    return reply;
  },
});
