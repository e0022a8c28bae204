import type { LogEntry } from "../../domain/account/events.ts";
import {
  readableTransactions,
  type WrittenTransaction,
  writableTransactions,
} from "../../domain/account/transactions-text.ts";
import type { AccountId } from "../../domain/ids.ts";

/** A log entry on its way to other nodes: whole where it is small, else only its number, and they read the log. */
export type EntryHint = { readonly account: AccountId; readonly seq: number; readonly entry: LogEntry | null };

const largest = 32 * 1024;

type WrittenHint = Partial<Omit<LogEntry, "transactions" | "bodies">> & {
  readonly written?: readonly WrittenTransaction[];
};

export function packHint({ account, seq, at, batch, checksum, transactions }: LogEntry): Uint8Array {
  const written = writableTransactions(transactions);
  const text = JSON.stringify({ account, seq, at, batch, checksum, written } satisfies WrittenHint);
  return Buffer.from(text.length <= largest ? text : JSON.stringify({ account, seq } satisfies WrittenHint));
}

/** Null for what is no hint: the channel is shared with whoever can reach Redis. */
export function unpackHint(payload: Uint8Array): EntryHint | null {
  try {
    const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
    const { account, seq, at, batch, checksum, written } = JSON.parse(text) as WrittenHint;
    if (typeof account !== "string" || typeof seq !== "number") return null;
    if (!Array.isArray(written) || typeof checksum !== "string") return { account, seq, entry: null };
    const transactions = readableTransactions(written);
    return { account, seq, entry: { account, seq, at: at!, batch: batch!, checksum, transactions, bodies: [] } };
  } catch {
    return null;
  }
}

export function channelOf(account: AccountId): string {
  return `log:${account}`;
}
