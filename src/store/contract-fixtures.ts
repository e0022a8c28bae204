import { createHash, randomBytes } from "node:crypto";
import type { LogEntry, Transaction } from "../domain/account/events.ts";
import type { AccountId, BlobId, MailboxId, MessageId, RequestId } from "../domain/ids.ts";
import type { StoredAddress, StoredUser } from "./directory.ts";

/** Fresh names and plain records for the contract suites. */
const objectId = () => randomBytes(12).toString("hex");
export const newAccountId = () => objectId() as AccountId;
export const newMailboxId = () => objectId() as MailboxId;
export const newMessageId = () => objectId() as MessageId;
export const newRequestId = () => objectId() as RequestId;

/** `size` bytes that differ by `seed`, all 256 values among them. */
export function bytesOf(size: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8) * 7 + seed) & 255;
  return bytes;
}

export const textBytes = (text: string) => new TextEncoder().encode(text);
export const blobIdOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex") as BlobId;

/** An entry that subscribes to a folder: the smallest one there is. */
export function entryOf(account: AccountId, seq: number, change: Partial<LogEntry> = {}): LogEntry {
  const transactions: Transaction[] = [
    { request: newRequestId(), events: [{ kind: "subscribed", path: `Folder ${seq}` }] },
  ];
  return {
    account,
    seq,
    at: 1_790_000_000_000 + seq,
    batch: objectId(),
    transactions,
    checksum: "0123456789abcdef",
    bodies: [],
    ...change,
  };
}

/** A user whose name and address begin with `name`. */
export function userOf(name: string, change: Partial<StoredUser> = {}): StoredUser {
  return {
    id: newAccountId(),
    username: name,
    usernameView: name.toLowerCase(),
    name: `${name} Example`,
    address: `${name}@example.com`,
    passwordHash: "$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA",
    quota: 5 * 1024 ** 3,
    disabled: false,
    suspended: false,
    created: 1_790_000_000_000,
    passwordChange: 1_790_000_000_001,
    language: "et",
    retention: 0,
    tags: ["new", "ÜBER"],
    disabledScopes: ["pop3"],
    metaData: { "a.b": 1, $c: null, list: [1, "two", { three: 3 }] },
    internalData: null,
    spamLevel: 50,
    imapMaxConnections: 15,
    settings: { "pubKey.main": "", encryptMessages: false, fromWhitelist: ["*@example.org"] },
    ...change,
  };
}

export function addressOf(
  user: StoredUser,
  address = user.address,
  change: Partial<StoredAddress> = {},
): StoredAddress {
  return {
    id: objectId(),
    address,
    addressView: address.toLowerCase(),
    user: user.id,
    created: user.created,
    tags: [],
    main: address === user.address,
    ...change,
  };
}

/** A clock that stands still until it is told to go on; fits wherever a store takes one. */
export type ManualClock = {
  now(): number;
  monotonic(): number;
  after(ms: number, run: () => void): () => void;
  advance(ms: number): void;
};

export function manualClock(start = Date.now()): ManualClock {
  let now = start;
  const pending = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    monotonic: () => now - start,
    after(ms, run) {
      const call = { at: now + ms, run };
      pending.add(call);
      return () => pending.delete(call);
    },
    advance(ms) {
      now += ms;
      for (const call of [...pending].sort((a, b) => a.at - b.at)) {
        if (call.at > now || !pending.delete(call)) continue;
        call.run();
      }
    },
  };
}

/** A value with its bytes spelt out, so that a Buffer equals a Uint8Array of the same bytes and nothing else does. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return { bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex") };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Map) return { map: [...value].map(([key, inner]) => [key, plain(inner)]) };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
