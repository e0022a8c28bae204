import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { median, type Workload } from "../workload.ts";

const messages = 100_000;
const repeats = 9;

/** SELECT with QRESYNC by a client that missed 1,000 changes: 500 expunged, 500 with other flags. */
export const qresync: Workload = {
  name: "qresync",
  title: "QRESYNC after 1,000 changes in 100,000 messages",
  only: ["eider"],
  figures: { resync: { what: "SELECT (QRESYNC …)", unit: "ms", better: "less", aim: { value: 20 } } },
  async prepare(server) {
    await filledUser(server, messages, "missed");
  },
  async run(server, round) {
    const user = await filledUser(server, messages, "missed");
    const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
    await connection.command("ENABLE QRESYNC");
    const opened = (await connection.command("SELECT INBOX")).text();
    const number = (name: string) => Number(new RegExp(`${name} (\\d+)`).exec(opened)?.[1]);
    const [validity, modseq] = [number("UIDVALIDITY"), number("HIGHESTMODSEQ")];
    // Every hundredth message: changes spread over the folder, each with an entry of its own in the answer.
    const every = (first: number) => Array.from({ length: 500 }, (_, at) => first + at * 100).join(",");
    await connection.command(`UID STORE ${every(50 + round)} +FLAGS.SILENT (\\Flagged)`);
    await connection.command(`UID STORE ${every(1 + round)} +FLAGS.SILENT (\\Deleted)`);
    await connection.command("EXPUNGE");
    const times: number[] = [];
    for (let at = 0; at < repeats; at++) {
      await connection.command("UNSELECT");
      const answer = await connection.command(`SELECT INBOX (QRESYNC (${validity} ${modseq}))`);
      const changed = answer.text().match(/ FETCH /g)?.length ?? 0;
      if (changed < 500 || !answer.text().includes("VANISHED (EARLIER)")) throw new Error("QRESYNC left changes out");
      times.push(answer.ms);
    }
    connection.close();
    return { resync: median(times) };
  },
};
