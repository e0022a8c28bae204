import { command, withAccount } from "../command.ts";
import { type ListedName, listedNames, sought } from "../mailbox-tree.ts";
import { namesMeant } from "../names-meant.ts";
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
    const matches = namesMeant(request.reference, ...request.patterns);
    const mailboxes = await session.read({ kind: "mailboxes" });
    if (request.returns.status?.includes("HIGHESTMODSEQ")) session.enableCondstore();
    const names = sought(listedNames(mailboxes), {
      matches,
      chosen: (name) => isChosen(name, request),
      recursive: request.selection.includes("RECURSIVEMATCH"),
    });
    for (const { name, chosen, chosenBelow } of names) {
      out.ascii("* LIST (").ascii(attributesOf(name, request).join(" ")).ascii(') "/" ').mailbox(name.path, utf8);
      if (chosenBelow) out.ascii(` ("CHILDINFO" (${criteriaOf(request)}))`);
      out.crlf();
      const { status } = request.returns;
      // RFC 5819 §2: none of a level that is only shown for what is below it.
      if (status !== undefined && chosen && name.mailbox !== null) writeStatus(out, name.mailbox, status, utf8);
      if (session.socket.congested && !(await session.room())) break;
    }
    return { status: "OK", text: "LIST completed" };
  },
});

/** Whether the selection options mean it (RFC 5258 §3.1, RFC 6154 §2). */
function isChosen({ mailbox, subscribed, hasChildren }: ListedName, { selection }: ListRequest): boolean {
  if (selection.includes("SPECIAL-USE") && (mailbox?.specialUse ?? null) === null) return false;
  if (selection.includes("SUBSCRIBED")) return subscribed;
  // A level that is only there because of what is below it; RFC 3501 §6.3.8 shows it with \Noselect.
  return mailbox !== null || hasChildren;
}

function attributesOf({ mailbox, subscribed, hasChildren }: ListedName, request: ListRequest): readonly string[] {
  const attributes: string[] = [];
  if (mailbox === null) attributes.push(request.extended ? "\\NonExistent" : "\\Noselect");
  attributes.push(hasChildren ? "\\HasChildren" : "\\HasNoChildren");
  const subscriptions = request.selection.includes("SUBSCRIBED") || request.returns.subscribed;
  if (subscribed && subscriptions) attributes.push("\\Subscribed");
  if (mailbox?.specialUse) attributes.push(mailbox.specialUse);
  return attributes;
}

/** list-select-base-opt-quoted *(SP list-select-base-opt-quoted) ; what is there below, RFC 5258 §3.5 */
function criteriaOf({ selection }: ListRequest): string {
  const criteria = selection.filter((option) => option === "SUBSCRIBED" || option === "SPECIAL-USE");
  return criteria.map((option) => `"${option}"`).join(" ");
}
