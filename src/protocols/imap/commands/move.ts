import { command } from "../command.ts";
import { copyUid } from "../copy-uid.ts";
import { mailbox, sequenceSet } from "../wire/rules.ts";

/** MOVE: as COPY and EXPUNGE in one, atomically. */
export const move = command({
  name: "MOVE",
  rfc: ["6851 §3"],
  states: ["selected"],
  uid: true,
  writes: true,
  args: { messages: sequenceSet, to: mailbox },
  async run({ args, addressing }, session) {
    const { view, out } = session;
    const uids = view.resolve(args.messages, addressing);
    if (uids === null) return { status: "BAD", text: "MOVE: no such message" };
    if (addressing === "sequence" && view.misses(uids)) {
      return { status: "NO", code: "EXPUNGEISSUED", text: "Some of the messages no longer exist" };
    }
    if (uids.length === 0) return { status: "OK", text: "MOVE completed: no messages" };
    const to = { path: args.to };
    const outcome = await session.change({ kind: "move", mailbox: { id: view.mailbox }, uids, to });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal, object: "target" };
    const code = await copyUid(session, outcome.events);
    // RFC 6851 §4.3: before the EXPUNGEs, so that the client knows where its messages are.
    if (code !== null) out.ascii("* OK [").ascii(code).ascii("] Moved").crlf();
    const gone = outcome.events.length > 0;
    return {
      status: "OK",
      ...(session.qresync && gone && { upTo: outcome.seq }),
      text: "MOVE completed",
    };
  },
});
