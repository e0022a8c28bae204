import { expect } from "bun:test";
import { CachedClient } from "./cached-client.ts";
import type { Farm } from "./farm.ts";
import { Mta, type MtaLog } from "./mta.ts";
import { pictureOf } from "./picture.ts";

/** Mail coming in for one user over several connections, and that user's clients: idling ones and one that works. */
export type Load = {
  /** Sums over all MTAs. */
  log(): MtaLog;
  readonly idlers: readonly CachedClient[];
  /** Ends it all, synchronises every client, and holds what they know against the server and the MTAs' logs. */
  settle(): Promise<MtaLog>;
};

/** `mtas` connections that deliver, `idlers` clients that idle, and one that sets flags and expunges; all by the balancer. */
export function startLoad(farm: Farm, user: string, sizes = { mtas: 4, idlers: 5 }): Load {
  const mtas = Array.from(
    { length: sizes.mtas },
    (_, m) => new Mta(farm.ports.lmtp, (n) => ({ to: user, text: `${m}-${n}` })),
  );
  const over = Promise.withResolvers<void>();
  let isOver = false;
  void over.promise.then(() => {
    isOver = true;
  });
  const idlers = Array.from({ length: sizes.idlers }, () => new CachedClient(farm.ports.imap, user));
  const idling = idlers.map(async (client) => {
    while (!isOver) await client.idle(over.promise);
  });
  const working = work(new CachedClient(farm.ports.imap, user), () => isOver);
  const log = () => {
    const sum: MtaLog = { delivered: [], deferred: [], failed: [], reconnected: 0 };
    for (const mta of mtas) {
      sum.delivered.push(...mta.log.delivered);
      sum.deferred.push(...mta.log.deferred);
      sum.failed.push(...mta.log.failed);
      sum.reconnected += mta.log.reconnected;
    }
    return sum;
  };
  return {
    log,
    idlers,
    async settle() {
      await Promise.all(mtas.map((mta) => mta.stop()));
      over.resolve();
      await Promise.all(idling);
      const { client: worker, expunged } = await working;
      const { folders } = await pictureOf(farm.ports.imap, user);
      const there = folders.INBOX!.messages;
      const flags = Object.fromEntries(Object.entries(there).map(([uid, message]) => [uid, message.flags]));
      for (const client of [...idlers, worker]) {
        await client.sync();
        await client.sync();
        const wrong = Object.keys(flags).find((uid) => client.messages.get(Number(uid)) !== flags[uid]);
        const about = client.heard.filter((line) => line.includes(`UID ${wrong} `) || line.startsWith("SELECT"));
        expect({ wrong, about: wrong ? about : [] }).toEqual({ wrong: undefined, about: [] });
        expect(Object.fromEntries(client.messages)).toEqual(flags);
        client.close();
      }
      const { delivered } = log();
      expect(new Set(delivered).size).toBe(delivered.length);
      // The worker has seen every message under its UID, also those it has expunged.
      const texts = [...worker.texts.values()];
      expect(texts.toSorted()).toEqual(delivered.toSorted());
      const left = texts.length - expunged.size;
      expect(Object.keys(there).length).toBe(left);
      for (const uid of expunged) expect(there[uid]).toBeUndefined();
      return log();
    },
  };
}

/** Flags messages and expunges some, the newest never. */
async function work(client: CachedClient, isOver: () => boolean) {
  const expunged = new Set<number>();
  for (let round = 0; !isOver(); round++) {
    await client.sync();
    const uids = [...client.messages.keys()];
    if (uids.length < 10) continue;
    await client.ask(`UID STORE ${uids.slice(-8).join(",")} ${round % 2 ? "+" : "-"}FLAGS (\\Flagged $w${round % 3})`);
    if (round % 3 > 0) continue;
    const victim = uids[Math.floor(uids.length / 2)]!;
    // Asked until it is known to be done: an answer may have been lost.
    while ((await client.ask(`UID STORE ${victim} +FLAGS.SILENT (\\Deleted)`)) === "unknown");
    while ((await client.ask(`UID EXPUNGE ${victim}`)) === "unknown");
    expunged.add(victim);
  }
  return { client, expunged };
}
