import { command, withAccount } from "../command.ts";
import { listPattern } from "../list-pattern.ts";
import { type ListedName, listedNames } from "../mailbox-tree.ts";
import { writeStatus } from "../status-items.ts";
import { listRequest } from "../wire/rules.ts";
import type { ListRequest } from "../wire/types.ts";

/** LIST: the mailboxes whose names match, what they are for, and with RETURN (STATUS …) what is in them. */
export const list = command({
  name: "LIST",
  rfc: ["3501 §6.3.8", "5258", "5819", "6154", "3348"],
  states: withAccount,
  args: { request: listRequest },
  async run({ args: { request } }, session) {
    const { out, utf8 } = session;
    if (!request.extended && request.patterns[0] === "") {
      out.ascii('* LIST (\\Noselect) "/" ""').crlf();
      return { status: "OK", text: "LIST completed" };
    }
    const mailboxes = await session.read({ kind: "mailboxes" });
    if (request.returns.status?.includes("HIGHESTMODSEQ")) session.condstore = true;
    const patterns = request.patterns.map((pattern) => listPattern(request.reference + pattern));
    for (const name of listedNames(mailboxes)) {
      if (!patterns.some((matches) => matches(name.path))) continue;
      const shown = shownAs(name, request);
      if (shown === null) continue;
      out.ascii("* LIST (").ascii(shown.attributes.join(" ")).ascii(') "/" ').mailbox(name.path, utf8);
      if (shown.childInfo) out.ascii(' ("CHILDINFO" ("SUBSCRIBED"))');
      out.crlf();
      const { status } = request.returns;
      if (status !== undefined && name.mailbox !== null) writeStatus(out, name.mailbox, status, utf8);
      if (session.socket.congested && !(await session.room())) break;
    }
    return { status: "OK", text: "LIST completed" };
  },
});

/** How a name that matches is shown; null: it is not. */
function shownAs(name: ListedName, request: ListRequest): { attributes: string[]; childInfo: boolean } | null {
  const { selection } = request;
  const { mailbox } = name;
  const subscribedOnly = selection.includes("SUBSCRIBED");
  // RFC 5258 §3.5: a parent that is not selected itself is shown for the sake of its subscribed children.
  const childInfo = subscribedOnly && selection.includes("RECURSIVEMATCH") && name.subscribedBelow;
  if (subscribedOnly && !name.subscribed && !childInfo) return null;
  if (selection.includes("SPECIAL-USE") && (mailbox?.specialUse ?? null) === null) return null;
  // A level that is only there because of what is below it; RFC 3501 §6.3.8 shows it with \Noselect.
  if (mailbox === null && !subscribedOnly && !name.hasChildren) return null;
  const attributes: string[] = [];
  if (mailbox === null) attributes.push(request.extended ? "\\NonExistent" : "\\Noselect");
  attributes.push(name.hasChildren ? "\\HasChildren" : "\\HasNoChildren");
  if (name.subscribed && (subscribedOnly || request.returns.subscribed)) attributes.push("\\Subscribed");
  if (mailbox?.specialUse) attributes.push(mailbox.specialUse);
  return { attributes, childInfo };
}
