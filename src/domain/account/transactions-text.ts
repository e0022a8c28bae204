import type { Content, Piece } from "./content.ts";
import type { AccountEvent, EventOf, Transaction } from "./events.ts";

/** A piece as JSON has it: the bytes of a literal as text of code points 0 to 255, one a byte. */
type WrittenPiece = Exclude<Piece, { kind: "literal" }> | { kind: "literal"; latin1: string };
type Written<E> = E extends { content: Content } ? Omit<E, "content"> & { content: readonly WrittenPiece[] } : E;
/** A transaction as JSON has it. */
export type WrittenTransaction = { request: string; events: readonly Written<AccountEvent>[] };

/** Events that carry bytes; a new kind that does must be written here, or this does not compile. */
type Carrying = Extract<AccountEvent, { content: Content }>["kind"];
const carrying: Carrying = "appended" satisfies AccountEvent["kind"];

/** Transactions as JSON text: stable over versions, readable in any SQLite shell. */
export function writeTransactions(transactions: readonly Transaction[]): string {
  return JSON.stringify(writableTransactions(transactions));
}

export function readTransactions(text: string): Transaction[] {
  return readableTransactions(JSON.parse(text) as WrittenTransaction[]);
}

/** The same without the text: what `JSON.stringify` takes. */
export function writableTransactions(transactions: readonly Transaction[]): WrittenTransaction[] {
  return transactions.map(({ request, events }) => ({ request, events: events.map(writeEvent) }));
}

/** From what `JSON.parse` gave, which becomes part of the answer. */
export function readableTransactions(transactions: readonly WrittenTransaction[]): Transaction[] {
  for (const { events } of transactions) {
    const some = events as Written<AccountEvent>[];
    for (let at = 0; at < some.length; at++) some[at] = readEvent(some[at]!) as Written<AccountEvent>;
  }
  return transactions as unknown as Transaction[];
}

function writeEvent(event: AccountEvent): Written<AccountEvent> {
  if (event.kind !== carrying) return event as Written<AccountEvent>;
  return { ...event, content: event.content.map(writePiece) };
}

function readEvent(event: Written<AccountEvent>): AccountEvent {
  if (event.kind !== carrying) return event as AccountEvent;
  return { ...event, content: event.content.map(readPiece) } as EventOf<"appended">;
}

function writePiece(piece: Piece): WrittenPiece {
  if (piece.kind !== "literal") return piece;
  const { buffer, byteOffset, byteLength } = piece.bytes;
  return { kind: "literal", latin1: Buffer.from(buffer, byteOffset, byteLength).toString("latin1") };
}

function readPiece(piece: WrittenPiece): Piece {
  if (piece.kind !== "literal") return piece;
  return { kind: "literal", bytes: Uint8Array.from(Buffer.from(piece.latin1, "latin1")) };
}
