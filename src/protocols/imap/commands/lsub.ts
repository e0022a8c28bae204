import { command, withAccount } from "../command.ts";
import { listedNames, sought } from "../mailbox-tree.ts";
import { namesMeant } from "../names-meant.ts";
import { listMailbox, listReference } from "../wire/rules.ts";

/** LSUB: the names subscribed to; with `%`, levels above them too, as \Noselect (RFC 3501 §6.3.9). */
export const lsub = command({
  name: "LSUB",
  rfc: ["3501 §6.3.9"],
  states: withAccount,
  args: { reference: listReference, pattern: listMailbox },
  async run({ args }, session) {
    const { out, utf8 } = session;
    const { reference, pattern } = args;
    const matches = namesMeant(reference, pattern);
    const names = sought(listedNames(await session.read({ kind: "mailboxes" })), {
      matches,
      chosen: ({ subscribed }) => subscribed,
      recursive: `${reference}${pattern}`.includes("%"),
    });
    for (const { name, chosen } of names) {
      out.ascii(chosen ? "* LSUB () " : "* LSUB (\\Noselect) ");
      out.ascii('"/" ').mailbox(name.path, utf8).crlf();
    }
    return { status: "OK", text: "LSUB completed" };
  },
});
