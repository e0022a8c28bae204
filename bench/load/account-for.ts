import type { BenchServer, BenchUser } from "../servers/server.ts";
import { ImapConnection } from "./imap-connection.ts";
import type { Offer } from "./open-loop.ts";

export type Accounted = {
  /** Acknowledged, and not in its mailbox. */
  readonly missing: number;
  /** In it more than once. */
  readonly twice: number;
  /** In it although it was refused. */
  readonly unwanted: number;
};

/** Looks into the mailboxes for every message that was offered; a `lost` one may be there or not. */
export async function accountFor(
  server: BenchServer,
  users: readonly BenchUser[],
  offers: readonly Offer[],
): Promise<Accounted> {
  const there = new Map<number, number>();
  for (const user of users) {
    const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
    await connection.command("EXAMINE INBOX");
    const text = (await connection.command("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")).text();
    for (const [, number] of text.matchAll(/<(\d+)\.\d+\.bench@/g)) {
      there.set(Number(number), (there.get(Number(number)) ?? 0) + 1);
    }
    connection.close();
  }
  let [missing, twice, unwanted] = [0, 0, 0];
  for (const { number, result } of offers) {
    const copies = there.get(number) ?? 0;
    if (result === "accepted" && copies === 0) missing++;
    if (result === "refused" && copies > 0) unwanted++;
    if (copies > 1) twice++;
  }
  return { missing, twice, unwanted };
}
