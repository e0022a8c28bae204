import { command, withAccount } from "../command.ts";
import { mailbox } from "../wire/rules.ts";

/** DELETE: a mailbox and its messages. Mailboxes below it stay (RFC 3501 §6.3.4). */
export const deleteMailbox = command({
  name: "DELETE",
  rfc: ["3501 §6.3.4"],
  states: withAccount,
  args: { path: mailbox },
  async run({ args: { path } }, session) {
    const outcome = await session.change({ kind: "deleteMailbox", mailbox: { path } });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal };
    const own = session.view?.mailbox;
    if (outcome.events.some((event) => event.kind === "mailboxDeleted" && event.mailbox === own)) {
      session.deselect();
      session.out.ascii("* OK [CLOSED] The selected mailbox was deleted").crlf();
    }
    return { status: "OK", text: "DELETE completed" };
  },
});
