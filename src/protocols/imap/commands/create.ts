import type { SpecialUse } from "../../../domain/account/events.ts";
import { command, withAccount } from "../command.ts";
import { createRequest } from "../wire/rules.ts";

const uses: readonly string[] = ["\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"];

/** CREATE: a mailbox and the levels above it; with USE, for a purpose. */
export const create = command({
  name: "CREATE",
  rfc: ["3501 §6.3.3", "6154 §3"],
  states: withAccount,
  args: { request: createRequest },
  async run({ args: { request } }, session) {
    if (request.uses.length > 1 || request.uses.some((use) => !uses.includes(use))) {
      return { status: "NO", code: "USEATTR", text: "A mailbox cannot be made for that" };
    }
    const [use] = request.uses;
    const outcome = await session.change({
      kind: "createMailbox",
      path: request.mailbox,
      ...(use !== undefined && { specialUse: use as SpecialUse }),
    });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal };
    return { status: "OK", text: "CREATE completed" };
  },
});
