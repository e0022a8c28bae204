import type { UidRuns } from "../../../domain/account/uid-runs.ts";
import { command } from "../command.ts";
import { optional } from "../wire/parse-args.ts";
import { uidSet } from "../wire/rules.ts";

/** EXPUNGE: removes for good what is marked \Deleted; UID EXPUNGE, of the messages named. */
export const expunge = command({
  name: "EXPUNGE",
  rfc: ["3501 §6.4.3", "4315 §2.1", "7162 §3.2.7"],
  states: ["selected"],
  uid: true,
  writes: true,
  args: { messages: optional(uidSet) },
  async run({ args: { messages }, addressing }, session) {
    const { view } = session;
    if ((addressing === "uid") !== (messages !== undefined)) {
      return { status: "BAD", text: addressing === "uid" ? "UID EXPUNGE: expected UIDs" : "EXPUNGE has no arguments" };
    }
    const uids: UidRuns | "all" = messages === undefined ? "all" : view.resolve(messages, "uid")!;
    const mailbox = { id: view.mailbox };
    const outcome = await session.change({ kind: "expunge", mailbox, uids, which: "deleted" });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal };
    const gone = outcome.events.length > 0;
    return {
      status: "OK",
      ...(session.qresync && gone && { upTo: outcome.seq }),
      text: "EXPUNGE completed",
    };
  },
});
