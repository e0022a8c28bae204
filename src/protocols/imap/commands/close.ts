import { command } from "../command.ts";

/** CLOSE: expunges what is marked \Deleted, without telling, and closes the mailbox. */
export const close = command({
  name: "CLOSE",
  rfc: ["3501 §6.4.2", "7162 §3.2.8"],
  states: ["selected"],
  args: {},
  async run(_call, session) {
    const { view } = session;
    if (!view.writable) {
      session.deselect();
      return { status: "OK", text: "CLOSE completed" };
    }
    const mailbox = { id: view.mailbox };
    const outcome = await session.change({ kind: "expunge", mailbox, uids: "all", which: "deleted" });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal };
    session.deselect();
    // What it removes is not told; whatever else there was has to have been.
    const complete = outcome.events.length > 0 && view.told >= outcome.seq - 1;
    return {
      status: "OK",
      ...(session.qresync && complete && { code: `HIGHESTMODSEQ ${outcome.seq}` }),
      text: "CLOSE completed",
    };
  },
});
