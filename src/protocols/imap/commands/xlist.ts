import { command, withAccount } from "../command.ts";
import { listedNames } from "../mailbox-tree.ts";
import { namesMeant } from "../names-meant.ts";
import { listMailbox, listReference } from "../wire/rules.ts";

/** XLIST: what Gmail had before SPECIAL-USE; some clients of WildDuck's users still ask for it. */
export const xlist = command({
  name: "XLIST",
  rfc: [],
  states: withAccount,
  args: { reference: listReference, pattern: listMailbox },
  async run({ args }, session) {
    const { out, utf8 } = session;
    const matches = namesMeant(args.reference, args.pattern);
    for (const name of listedNames(await session.read({ kind: "mailboxes" }))) {
      if (name.mailbox === null || !matches(name.path)) continue;
      const attributes = [name.hasChildren ? "\\HasChildren" : "\\HasNoChildren"];
      const use = name.path === "INBOX" ? "\\Inbox" : name.mailbox.specialUse;
      if (use !== null) attributes.push(use === "\\Junk" ? "\\Spam" : use);
      out.ascii("* XLIST (").ascii(attributes.join(" ")).ascii(') "/" ').mailbox(name.path, utf8).crlf();
    }
    return { status: "OK", text: "XLIST completed" };
  },
});
