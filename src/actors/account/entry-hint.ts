import type { LogEntry } from "../../domain/account/events.ts";
import type { AccountId } from "../../domain/ids.ts";

/** A log entry on its way to other nodes: whole where it is small, else only its number, and they read the log. */
export type EntryHint = { readonly account: AccountId; readonly seq: number; readonly entry: LogEntry | null };

const largest = 32 * 1024;

export function packHint(entry: LogEntry): Uint8Array {
  const text = JSON.stringify({ ...entry, bodies: [] }, (_, value: unknown) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value,
  );
  return Buffer.from(text.length <= largest ? text : JSON.stringify({ account: entry.account, seq: entry.seq }));
}

/** Null for what is no hint: the channel is shared with whoever can reach Redis. */
export function unpackHint(payload: Uint8Array): EntryHint | null {
  try {
    const value = JSON.parse(Buffer.from(payload).toString(), (_, each: unknown) =>
      isBase64(each) ? new Uint8Array(Buffer.from(each.base64, "base64")) : each,
    ) as LogEntry;
    if (typeof value.account !== "string" || typeof value.seq !== "number") return null;
    const whole = Array.isArray(value.transactions) && typeof value.checksum === "string";
    return { account: value.account, seq: value.seq, entry: whole ? value : null };
  } catch {
    return null;
  }
}

function isBase64(value: unknown): value is { base64: string } {
  return typeof value === "object" && value !== null && "base64" in value && typeof value.base64 === "string";
}

export function channelOf(account: AccountId): string {
  return `log:${account}`;
}
