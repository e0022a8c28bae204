import { command, withAccount } from "../command.ts";
import { openMailbox } from "../open-mailbox.ts";
import { selectRequest } from "../wire/rules.ts";

/** SELECT: opens a mailbox to read and write. */
export const select = command({
  name: "SELECT",
  rfc: ["3501 §6.3.1", "7162 §3.1.8, §3.2.5"],
  states: withAccount,
  // What goes while the mailbox is being opened is said with the next command: its numbers are only just told.
  expunges: { sequence: "hold", uid: "hold" },
  args: { request: selectRequest },
  run: ({ args }, session) => openMailbox(session, args.request, true),
});
