import { command, withAccount } from "../command.ts";
import { writeStatus } from "../status-items.ts";
import { mailbox, statusItems } from "../wire/rules.ts";

/** STATUS: counts of a mailbox, without selecting it. */
export const status = command({
  name: "STATUS",
  rfc: ["3501 §6.3.10", "7162 §3.1.7", "8438"],
  states: withAccount,
  args: { path: mailbox, items: statusItems },
  async run({ args: { path, items } }, session) {
    if (items.includes("HIGHESTMODSEQ")) session.enableCondstore();
    const { mailboxes } = await session.read({ kind: "mailboxes" });
    const found = mailboxes.find((one) => one.path === path);
    if (found === undefined) return { status: "NO", refusal: { kind: "noSuchMailbox", path } };
    writeStatus(session.out, found, items, session.utf8);
    return { status: "OK", text: "STATUS completed" };
  },
});
