import { noUids, runOf, type UidRuns } from "../../domain/account/uid-runs.ts";
import type { AccountId, MailboxId } from "../../domain/ids.ts";
import type { Hints } from "../../store/hints.ts";
import { channelOf } from "./entry-hint.ts";

/**
 * Up to which UID some session that may write has been told of the messages of each mailbox: what lies above is \Recent
 * (RFC 3501 §2.3.2).
 *
 * This is no part of the log, since nobody's mail depends on it: a crash may forget it, and two nodes that tell a
 * message at the same moment both call it recent, as the RFC would have it where one cannot know.
 */
export class Claims {
  /** Those made last come last. */
  readonly #upTo: Map<MailboxId, number>;
  #count = 0;
  #saved = 0;

  constructor(upTo: Iterable<readonly [MailboxId, number]> = []) {
    this.#upTo = new Map(upTo);
  }

  of(mailbox: MailboxId): number {
    return this.#upTo.get(mailbox) ?? 0;
  }

  /** Claims what is not claimed yet up to `upTo`; answers which UIDs that are. */
  claim(mailbox: MailboxId, upTo: number): UidRuns {
    const before = this.of(mailbox);
    if (upTo <= before) return noUids;
    this.#upTo.delete(mailbox);
    this.#upTo.set(mailbox, upTo);
    this.#count++;
    return runOf(before + 1, upTo);
  }

  /** How many claims were made. */
  get count(): number {
    return this.#count;
  }

  /** Whether something was claimed that is in no snapshot. */
  get unsaved(): boolean {
    return this.#count > this.#saved;
  }

  /** A snapshot has the first `count` claims. */
  saved(count: number): void {
    this.#saved = count;
  }

  /** Takes in what somebody else knows. */
  merge(others: Iterable<readonly [MailboxId, number]>): void {
    for (const [mailbox, upTo] of others) this.claim(mailbox, upTo);
  }

  [Symbol.iterator](): IterableIterator<[MailboxId, number]> {
    return this.#upTo.entries();
  }
}

/** A claim on its way to other nodes, beside log entries, for which nobody takes it: it has no `seq`. */
export function packClaim(account: AccountId, mailbox: MailboxId, upTo: number): Uint8Array {
  return Buffer.from(JSON.stringify({ account, claimed: [mailbox, upTo] }));
}

/** Null for what is none. */
export function unpackClaim(payload: Uint8Array): { account: string; claimed: readonly [MailboxId, number] } | null {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
  if (!text.endsWith("]}") || text.length > longestClaim) return null;
  try {
    const { account, claimed } = JSON.parse(text) as { account?: unknown; claimed?: unknown };
    if (typeof account !== "string" || !Array.isArray(claimed)) return null;
    const [mailbox, upTo] = claimed as unknown[];
    return typeof mailbox === "string" && isUid(upTo) ? { account, claimed: [mailbox as MailboxId, upTo] } : null;
  } catch {
    return null;
  }
}

/** Tells other nodes: those where the account is in memory now, and those where it will be within a day. */
export function tellClaim(hints: Hints, account: AccountId, claims: Claims, mailbox: MailboxId): void {
  hints.publish(channelOf(account), packClaim(account, mailbox, claims.of(mailbox)));
  const latest = [...claims].slice(-mostKept).map(([id, upTo]) => [id, String(upTo)]);
  // What could not be put is known here, and nowhere missed.
  hints.put(recordOf(account), Object.fromEntries(latest), keptFor).catch(() => {});
}

/** What other nodes have put there. */
export async function recallClaims(hints: Hints, account: AccountId): Promise<[MailboxId, number][]> {
  const record = (await hints.get(recordOf(account))) ?? {};
  return Object.entries(record).flatMap(([mailbox, upTo]) =>
    isUid(Number(upTo)) ? [[mailbox as MailboxId, Number(upTo)] as [MailboxId, number]] : [],
  );
}

function recordOf(account: AccountId): string {
  return `recent:${account}`;
}

function isUid(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 0xffff_ffff;
}

/** Mailboxes in the record: those claimed from last. */
const mostKept = 50;
/** Seconds. */
const keptFor = 86_400;
const longestClaim = 256;
