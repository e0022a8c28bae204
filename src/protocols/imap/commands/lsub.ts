import { command, withAccount } from "../command.ts";
import { listPattern } from "../list-pattern.ts";
import { listedNames } from "../mailbox-tree.ts";
import { listMailbox, mailbox } from "../wire/rules.ts";

/** LSUB: the names subscribed to; with `%`, levels above them too, as \Noselect (RFC 3501 §6.3.9). */
export const lsub = command({
  name: "LSUB",
  rfc: ["3501 §6.3.9"],
  states: withAccount,
  args: { reference: mailbox, pattern: listMailbox },
  async run({ args }, session) {
    const { out, utf8 } = session;
    const pattern = args.reference + args.pattern;
    const matches = listPattern(pattern);
    const levels = pattern.includes("%");
    for (const name of listedNames(await session.read({ kind: "mailboxes" }))) {
      if (!matches(name.path)) continue;
      if (!name.subscribed && !(levels && name.subscribedBelow)) continue;
      out.ascii(name.subscribed ? "* LSUB () " : "* LSUB (\\Noselect) ");
      out.ascii('"/" ').mailbox(name.path, utf8).crlf();
    }
    return { status: "OK", text: "LSUB completed" };
  },
});
