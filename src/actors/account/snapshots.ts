import { type Account, emptyAccount } from "../../domain/account/account.ts";
import { printChecksum } from "../../domain/account/checksum.ts";
import { checksumFromScratch, evolveEntry } from "../../domain/account/evolve.ts";
import { PartNames, packAccount, unpackAccount } from "../../domain/account/snapshot.ts";
import type { AccountId, MailboxId, MessageId, RequestId } from "../../domain/ids.ts";
import type { Snapshot } from "../../store/state.ts";
import { noteUnrecorded, type Unrecorded } from "./account-actor.ts";
import { Departed } from "./departed.ts";
import { type Done, RequestWindow, withoutContent } from "./request-window.ts";
import type { Surroundings } from "./surroundings.ts";

/** An account as the store tells it. */
export type Loaded = {
  readonly account: Account;
  readonly requests: RequestWindow;
  readonly claimed: Map<MailboxId, number>;
  readonly unrecorded: Map<MessageId, Unrecorded>;
  readonly departed: Departed;
  /** Names of the chunks that are in the store already. */
  readonly parts: PartNames;
  /** What the snapshot stood for; 0: there was none. */
  readonly snapshotSeq: number;
};

type SnapshotHead = {
  readonly account: string;
  readonly requests: readonly [RequestId, Done][];
  readonly claimed: readonly [MailboxId, number][];
  readonly departed?: readonly [MessageId, number][];
};

/**
 * The newest snapshot and the log behind it. A snapshot that does not prove itself (a part missing, a checksum that is
 * not its own) is passed over: the log alone is enough.
 */
export async function loadAccount(id: AccountId, around: Surroundings): Promise<Loaded> {
  const loaded = (await loadSnapshot(id, around)) ?? {
    account: emptyAccount(id),
    requests: new RequestWindow(),
    claimed: new Map(),
    unrecorded: new Map(),
    departed: new Departed(),
    parts: new PartNames(),
    snapshotSeq: 0,
  };
  let { account } = loaded;
  for (;;) {
    const entries = await around.stores.log.read(id, account.seq, 1000, "no bodies");
    for (const entry of entries) {
      if (entry.seq !== account.seq + 1) {
        throw new Error(`Cannot rebuild account ${id}: entry ${account.seq + 1} is missing from its log`);
      }
      const before = account;
      account = evolveEntry(before, entry);
      if (printChecksum(account.checksum) !== entry.checksum) {
        throw new Error(`Cannot rebuild account ${id}: its checksum differs from the log's at entry ${entry.seq}`);
      }
      for (const { request, events } of entry.transactions) {
        loaded.requests.remember(request, { seq: entry.seq, at: entry.at, events: withoutContent(events) });
        noteUnrecorded(loaded.unrecorded, events, entry);
        loaded.departed.note(before, events, entry.at);
      }
    }
    if (entries.length < 1000) return { ...loaded, account };
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
      claimed: new Map(head.claimed),
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
