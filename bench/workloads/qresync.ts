import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { median } from "../statistics.ts";
import { workload } from "../workload.ts";

/** SELECT with QRESYNC by a client that missed changes: half of the messages expunged, half with other flags. */
export const qresync = workload({
  name: "qresync",
  title: "QRESYNC after {changes} changes in {messages} messages",
  sizes: {
    messages: { full: 100_000, quick: 2000 },
    changes: { full: 1000, quick: 100 },
    repeats: { full: 9, quick: 5 },
  },
  only: ["eider"],
  figures: { resync: { what: "SELECT (QRESYNC …)", unit: "ms", better: "less", aim: { value: 20 } } },
  async prepare({ server, sizes }) {
    await filledUser(server, sizes.messages, "missed");
  },
  async run({ server, round, sizes: { messages, changes, repeats } }) {
    const user = await filledUser(server, messages, "missed");
    const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
    await connection.command("ENABLE QRESYNC");
    const opened = (await connection.command("SELECT INBOX")).text();
    const number = (name: string) => Number(new RegExp(`${name} (\\d+)`).exec(opened)?.[1]);
    const [validity, modseq] = [number("UIDVALIDITY"), number("HIGHESTMODSEQ")];
    // Changes spread over the folder, each with an entry of its own in the answer.
    const half = changes / 2;
    const apart = Math.floor(messages / 2 / half);
    const every = (first: number) => Array.from({ length: half }, (_, at) => first + at * apart).join(",");
    await connection.command(`UID STORE ${every((apart >> 1) + round)} +FLAGS.SILENT (\\Flagged)`);
    await connection.command(`UID STORE ${every(1 + round)} +FLAGS.SILENT (\\Deleted)`);
    await connection.command("EXPUNGE");
    const times: number[] = [];
    for (let at = 0; at < repeats; at++) {
      await connection.command("UNSELECT");
      const answer = await connection.command(`SELECT INBOX (QRESYNC (${validity} ${modseq}))`);
      const changed = answer.text().match(/ FETCH /g)?.length ?? 0;
      if (changed < half || !answer.text().includes("VANISHED (EARLIER)")) throw new Error("QRESYNC left changes out");
      times.push(answer.ms);
    }
    connection.close();
    return { resync: median(times) };
  },
});
