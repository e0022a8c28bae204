import { command } from "../command.ts";
import { err, ok } from "../reply.ts";
import { messageNumber } from "../wire/rules.ts";

/** DELE: marks a message; QUIT removes it. */
export const dele = command({
  name: "DELE",
  rfc: ["1939 §5"],
  states: ["transaction"],
  args: messageNumber,
  run({ args: number }, { user }) {
    if (user.maildrop.find(number) === null) return err("No such message");
    user.maildrop.delete(number);
    user.showMarks();
    return ok(`message ${number} deleted`);
  },
});
