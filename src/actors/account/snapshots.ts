import type { Account } from "../../domain/account/account.ts";
import { printChecksum } from "../../domain/account/checksum.ts";
import { checksumFromScratch } from "../../domain/account/evolve.ts";
import { PartNames, packAccount, unpackAccount } from "../../domain/account/snapshot.ts";
import type { AccountId, MailboxId, RequestId } from "../../domain/ids.ts";
import { LogCompacted } from "../../store/log.ts";
import type { Snapshot } from "../../store/state.ts";
import { unpackBase } from "./bases.ts";
import { Claims } from "./claims.ts";
import { Departed, type PackedDeparted } from "./departed.ts";
import { advanced, type Loaded, nothingLoaded } from "./loaded.ts";
import { type Done, RequestWindow } from "./request-window.ts";
import type { Surroundings } from "./surroundings.ts";

type SnapshotHead = {
  readonly account: string;
  readonly requests: readonly [RequestId, Done][];
  readonly claimed: readonly [MailboxId, number][];
  readonly departed: PackedDeparted;
};

/**
 * The newest snapshot and the log behind it. A snapshot that does not prove itself (a part missing, a checksum that is
 * not its own) is passed over: the log alone, with its base where it has been compacted, is enough.
 */
export async function loadAccount(id: AccountId, around: Surroundings): Promise<Loaded> {
  const { log } = around.stores;
  let loaded = (await loadSnapshot(id, around)) ?? nothingLoaded(id);
  for (;;) {
    const entries = await log.read(id, loaded.account.seq, 1000, "no bodies").catch(async (error: unknown) => {
      if (!(error instanceof LogCompacted)) throw error;
      const base = await log.base(id);
      if (!base || base.seq <= loaded.account.seq) throw error;
      loaded = unpackBase(base);
      return null;
    });
    if (entries === null) continue;
    for (const entry of entries) loaded = advanced(loaded, entry);
    if (entries.length < 1000) return loaded;
  }
}

async function loadSnapshot(id: AccountId, around: Surroundings): Promise<Loaded | null> {
  const found = await around.stores.state.loadSnapshot(id);
  if (!found) return null;
  try {
    const head = JSON.parse(Buffer.from(found.head).toString()) as SnapshotHead;
    const parts = new PartNames();
    const account = unpackAccount(head.account, found.parts, parts);
    if (printChecksum(checksumFromScratch(account)) !== printChecksum(account.checksum)) {
      throw new Error("its checksum is not that of its rows");
    }
    return {
      account,
      requests: RequestWindow.unpack(head.requests),
      claimed: new Claims(head.claimed),
      unrecorded: new Map(),
      departed: Departed.unpack(head.departed),
      parts,
      snapshotSeq: account.seq,
    };
  } catch (error) {
    around.logger.warn({ account: id, seq: found.seq, err: error }, "snapshot passed over; replaying the log");
    return null;
  }
}

/** What to save of an account whose messages, up to this state, all have their records; call `stored` once it is. */
export function snapshotOf(
  account: Account,
  { requests, claimed, departed, parts }: Pick<Loaded, "requests" | "claimed" | "departed" | "parts">,
  unique: string,
): { snapshot: Snapshot; stored(): void } {
  const packed = packAccount(account, parts, unique);
  const head: SnapshotHead = {
    account: packed.head,
    requests: requests.pack(),
    claimed: [...claimed],
    departed: departed.pack(),
  };
  const snapshot = {
    account: account.id,
    seq: account.seq,
    head: Buffer.from(JSON.stringify(head)),
    names: packed.names,
    parts: packed.parts,
  };
  return { snapshot, stored: packed.stored };
}
