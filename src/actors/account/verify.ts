import { createHash } from "node:crypto";
import { type Account, emptyAccount } from "../../domain/account/account.ts";
import { printChecksum } from "../../domain/account/checksum.ts";
import { messageIdBytes } from "../../domain/account/chunk.ts";
import { checksumFromScratch, evolveEntry, idText } from "../../domain/account/evolve.ts";
import { PartNames, unpackAccount } from "../../domain/account/snapshot.ts";
import type { AccountId, BlobId, MessageId } from "../../domain/ids.ts";
import type { BlobReference } from "../../store/blobs.ts";
import type { Stores } from "../../store/stores.ts";
import { unpackBase } from "./bases.ts";
import { type Place, packPlace, pieceSize, placeOf, placeSize } from "./message-place.ts";

/** Something that is not as the log says. `repair`: what can be made again from the log; null: nothing can. */
export type Finding = {
  readonly account: AccountId;
  readonly what: "log" | "snapshot" | "record" | "body" | "blob" | "quota";
  readonly text: string;
  readonly repair: "snapshot and records" | "record" | null;
};

export type Verified = {
  readonly account: AccountId;
  readonly entries: number;
  readonly messages: number;
  readonly findings: readonly Finding[];
};

/**
 * Replays an account's log, from its base where it has been compacted, and holds everything else against it: the checksums of the entries, the
 * snapshot, the counters, the quota used, the records of all messages and every byte of them. Reads only.
 */
export async function verifyAccount(stores: Stores, id: AccountId): Promise<Verified> {
  const findings: Finding[] = [];
  const find = (what: Finding["what"], text: string, repair: Finding["repair"] = null): void => {
    findings.push({ account: id, what, text, repair });
  };
  const found = await stores.state.loadSnapshot(id).catch((error: unknown) => {
    find("snapshot", `it cannot be read: ${(error as Error).message}`, "snapshot and records");
    return null;
  });
  const { account, places, atSnapshot } = await replay(stores, id, found?.seq ?? -1, find);
  if (found) checkSnapshot(found, account, atSnapshot, find);
  checkSums(account, find);
  const live = liveMessages(account);
  for (let from = 0; from < live.length; from += 200) {
    await checkMessages(stores, id, live.slice(from, from + 200), places, found?.seq ?? 0, find);
  }
  return { account: id, entries: account.seq, messages: live.length, findings };
}

type Find = (what: Finding["what"], text: string, repair?: Finding["repair"]) => void;
type Known = { readonly place: Place; readonly size: number; readonly seq: number };

async function replay(
  stores: Stores,
  id: AccountId,
  snapshotSeq: number,
  find: Find,
): Promise<{ account: Account; places: Map<MessageId, Known>; atSnapshot: string | null }> {
  let account = emptyAccount(id);
  let atSnapshot: string | null = null;
  const places = new Map<MessageId, Known>();
  const base = await stores.log.base(id);
  if (base) {
    const { account: at, unrecorded } = unpackBase(base);
    account = at;
    if (base.seq === snapshotSeq) atSnapshot = printChecksum(at.checksum);
    for (const [message, { place, seq }] of unrecorded) places.set(message, { place, size: placeSize(place), seq });
  }
  for (;;) {
    const entries = await stores.log.read(id, account.seq, 1000, "no bodies");
    for (const entry of entries) {
      if (entry.seq !== account.seq + 1) {
        find("log", `entry ${account.seq + 1} is missing; what comes after it cannot be replayed`);
        return { account, places, atSnapshot };
      }
      const next = evolveEntry(account, entry);
      if (printChecksum(next.checksum) !== entry.checksum) {
        find("log", `entry ${entry.seq} does not lead to the state it was appended with`);
        return { account, places, atSnapshot };
      }
      account = next;
      if (entry.seq === snapshotSeq) atSnapshot = entry.checksum;
      for (const event of entry.transactions.flatMap(({ events }) => events)) {
        if (event.kind !== "appended") continue;
        places.set(event.message, { place: placeOf(event.content, entry.seq), size: event.size, seq: entry.seq });
      }
    }
    if (entries.length < 1000) return { account, places, atSnapshot };
  }
}

function checkSnapshot(
  found: { seq: number; head: Uint8Array; parts: ReadonlyMap<string, Uint8Array> },
  account: Account,
  expected: string | null,
  find: Find,
): void {
  const wrong = (text: string): void => find("snapshot", text, "snapshot and records");
  if (found.seq > account.seq) return wrong(`it stands for entry ${found.seq}, but the log ends at ${account.seq}`);
  try {
    const { account: head } = JSON.parse(Buffer.from(found.head).toString()) as { account: string };
    const unpacked = unpackAccount(head, found.parts, new PartNames());
    const rows = printChecksum(checksumFromScratch(unpacked));
    if (unpacked.seq !== found.seq) wrong(`it says ${found.seq} outside and ${unpacked.seq} inside`);
    else if (rows !== expected) wrong(`its rows are not those of the log at entry ${found.seq}`);
  } catch (error) {
    wrong(`it cannot be read: ${(error as Error).message}`);
  }
}

function checkSums(account: Account, find: Find): void {
  let used = 0;
  for (const mailbox of account.mailboxes.values()) {
    let size = 0;
    for (const { fixed, length } of mailbox.chunks) for (let at = 0; at < length; at++) size += fixed.size[at]!;
    if (size !== mailbox.size) find("quota", `mailbox ${mailbox.path} counts ${mailbox.size} bytes and holds ${size}`);
    used += size;
  }
  if (used !== account.used) find("quota", `${account.used} bytes are counted as used, and ${used} are`);
}

function liveMessages(account: Account): MessageId[] {
  const live = new Set<MessageId>();
  for (const mailbox of account.mailboxes.values()) {
    for (const { fixed, length } of mailbox.chunks) {
      for (let at = 0; at < length; at++) live.add(idText(fixed.message, at * messageIdBytes) as MessageId);
    }
  }
  return [...live];
}

async function checkMessages(
  stores: Stores,
  id: AccountId,
  messages: readonly MessageId[],
  places: ReadonlyMap<MessageId, Known>,
  recordedUpTo: number,
  find: Find,
): Promise<void> {
  const records = await stores.state.loadMessages(id, messages, ["place"]);
  for (const [n, message] of messages.entries()) {
    const known = places.get(message);
    if (!known) {
      find("log", `message ${message} is in a mailbox, and no entry brought it`);
      continue;
    }
    const record = records[n];
    // What is newer than the snapshot may still wait for its record.
    if (!record && known.seq <= recordedUpTo) find("record", `message ${message} has no record`, "record");
    if (record && !Buffer.from(record.place).equals(packPlace(known.place))) {
      find("record", `the record of message ${message} points elsewhere than the log`, "record");
    }
    await checkBytes(stores, id, message, known, find);
  }
}

async function checkBytes(stores: Stores, id: AccountId, message: MessageId, known: Known, find: Find): Promise<void> {
  let size = 0;
  for (const piece of known.place) {
    size += pieceSize(piece);
    if (piece.kind === "inline") {
      const [body] = await stores.log.bodies(id, [piece]);
      if (!body) find("body", `message ${message}: body ${piece.index} of entry ${piece.seq} is missing`);
      else if (body.length !== piece.size) {
        find(
          "body",
          `message ${message}: body ${piece.index} of entry ${piece.seq} has ${body.length} bytes, not ${piece.size}`,
        );
      }
    } else if (piece.kind === "blob") {
      const wrong = await checkBlob(stores, piece.blob, piece.size);
      if (wrong) find("blob", `message ${message}: blob ${piece.blob} ${wrong}`);
    }
  }
  if (size !== known.size) find("log", `message ${message} counts ${known.size} bytes, and its pieces are ${size}`);
}

const readAtOnce = 1024 * 1024;

async function checkBlob(stores: Stores, blob: BlobId, size: number): Promise<string | null> {
  const hash = createHash("sha256");
  for (let at = 0; at < size; ) {
    const bytes = await stores.blobs.read(blob, at, Math.min(readAtOnce, size - at));
    if (!bytes) return "is missing";
    if (bytes.length === 0) return `ends after ${at} of ${size} bytes`;
    hash.update(bytes);
    at += bytes.length;
  }
  return hash.digest("hex") === blob ? null : "does not hold the bytes it is named after";
}

/**
 * Mends what the log knows better: throws away a wrong snapshot and all records (the next activation makes them again
 * from the log), or single records; and adds references that every live message needs. Touches neither log nor blobs.
 */
export async function repairAccount(stores: Stores, { account: id, findings }: Verified): Promise<readonly string[]> {
  const done: string[] = [];
  if (findings.some(({ repair }) => repair !== null)) {
    await stores.state.drop(id);
    done.push(`snapshot and records of account ${id} thrown away: they are made again from the log`);
  }
  const { account, places } = await replay(stores, id, -1, () => {});
  const references = liveMessages(account).flatMap((message): BlobReference[] =>
    (places.get(message)?.place ?? []).flatMap((piece) =>
      piece.kind === "blob" ? [{ blob: piece.blob, account: id, message }] : [],
    ),
  );
  if (references.length > 0) await stores.blobs.reference(references);
  return done;
}
