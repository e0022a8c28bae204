import { command } from "../command.ts";
import { copyUid } from "../copy-uid.ts";
import { mailbox, sequenceSet } from "../wire/rules.ts";

/** COPY: all of the messages, with flags and dates, or none. */
export const copy = command({
  name: "COPY",
  rfc: ["3501 §6.4.7", "4315 §3"],
  states: ["selected"],
  uid: true,
  args: { messages: sequenceSet, to: mailbox },
  async run({ args, addressing }, session) {
    const { view } = session;
    const uids = view.resolve(args.messages, addressing);
    if (uids === null) return { status: "BAD", text: "COPY: no such message" };
    // RFC 2180 §4.4.1: a copy of only some of them would not be what was asked for.
    if (addressing === "sequence" && view.misses(uids)) {
      return { status: "NO", code: "EXPUNGEISSUED", text: "Some of the messages no longer exist" };
    }
    if (uids.length === 0) return { status: "OK", text: "COPY completed: no messages" };
    const to = { path: args.to };
    const outcome = await session.change({ kind: "copy", mailbox: { id: view.mailbox }, uids, to });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal, object: "target" };
    const code = await copyUid(session, outcome.events);
    return { status: "OK", ...(code !== null && { code }), text: "COPY completed" };
  },
});
