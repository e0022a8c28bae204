import { createHash } from "node:crypto";
import type { AccountId, MessageId } from "../../domain/ids.ts";
import { opaqueDescription, reading, readingOf } from "../../domain/mime/description.ts";
import { type BodyPlace, StoreUnavailable } from "../../store/log.ts";
import type { StoredMessage } from "../../store/state.ts";
import type { Stores } from "../../store/stores.ts";
import type { Cpu } from "../workers/cpu.ts";
import type { Find } from "./finding.ts";
import type { Unrecorded } from "./loaded.ts";
import { type Place, packPlace, pieceSize } from "./message-place.ts";

/** A message that is in a mailbox: where it was met first, and its size there. */
export type Living = { readonly message: MessageId; readonly name: string; readonly size: number };

const fields = ["place", "envelope", "bodystructure", "anatomy", "summary"] as const;

/**
 * Every byte of these messages, and their records: a blob by its hash, a body in the log by its size, a record by what
 * the bytes describe. `recordedUpTo`: what entries after it brought may still wait for its record.
 */
export async function verifyMessages(
  stores: Stores,
  cpu: Pick<Cpu, "describe">,
  id: AccountId,
  messages: readonly Living[],
  places: ReadonlyMap<MessageId, Unrecorded>,
  recordedUpTo: number,
  find: Find,
): Promise<void> {
  const records = await recordsOf(stores, id, messages, find);
  const inline = messages.flatMap(({ message }) =>
    (places.get(message)?.place ?? []).filter((piece) => piece.kind === "inline"),
  );
  const found = inline.length > 0 ? await readBodies(stores, id, inline) : [];
  const bodies = new Map(inline.map(({ seq, index }, at) => [`${seq} ${index}`, found[at] ?? null]));
  for (const [at, living] of messages.entries()) {
    const known = places.get(living.message);
    if (!known) {
      find("log", `${living.name}: no entry brought it`);
      continue;
    }
    const size = known.place.reduce((sum, piece) => sum + pieceSize(piece), 0);
    if (size !== living.size) find("log", `${living.name} counts ${living.size} bytes, and its pieces are ${size}`);
    const bytes = await bytesOf(stores, known.place, bodies, (what, text) => find(what, `${living.name}: ${text}`));
    if (!records) continue;
    const record = records[at];
    const repair = bytes ? ({ kind: "record", message: living.message } as const) : null;
    if (!record) {
      if (known.seq <= recordedUpTo) find("record", `${living.name}: its record is missing`, repair);
    } else {
      const wrong = await wrongField(cpu, record, known.place, bytes);
      if (wrong) find("record", `${living.name}: the ${wrong} of its record is not what its bytes make`, repair);
    }
  }
}

async function recordsOf(stores: Stores, id: AccountId, messages: readonly Living[], find: Find) {
  const ids = messages.map(({ message }) => message);
  try {
    return await stores.state.loadMessages(id, ids, fields);
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    find(
      "record",
      `records of ${messages[0]!.name} and ${ids.length - 1} more cannot be read: ${(error as Error).message}`,
    );
    return null;
  }
}

/** Bodies, null where one is missing, and why where one cannot be read. */
async function readBodies(stores: Stores, id: AccountId, wanted: readonly BodyPlace[]): Promise<readonly Body[]> {
  try {
    return await stores.log.bodies(id, wanted);
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    if (wanted.length === 1) return [(error as Error).message];
  }
  const each: Body[] = [];
  for (const place of wanted) each.push(...(await readBodies(stores, id, [place])));
  return each;
}
type Body = Uint8Array | string | null;

async function wrongField(
  cpu: Pick<Cpu, "describe">,
  record: Pick<StoredMessage, (typeof fields)[number]>,
  place: Place,
  bytes: Uint8Array | null,
): Promise<string | null> {
  if (!same(record.place, packPlace(place))) return "place";
  if (bytes === null) return null;
  const kept = readingOf(record.anatomy);
  if (kept === null) return "anatomy";
  // What another version read is not what this one would; that it is of these bytes is all that can be said.
  if (kept.reading !== reading) return kept.size === bytes.length ? null : "anatomy";
  const [described] = await cpu.describe([bytes]);
  // A message that kills or outlasts its worker is kept undescribed.
  const opaque = opaqueDescription(bytes.length);
  for (const field of ["envelope", "bodystructure", "anatomy", "summary"] as const) {
    if (!same(record[field], (described ?? opaque)[field]) && !same(record[field], opaque[field])) return field;
  }
  return null;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** All bytes of a message, or null where something of them is missing or wrong. */
async function bytesOf(
  stores: Stores,
  place: Place,
  bodies: ReadonlyMap<string, Body>,
  find: (what: "body" | "blob", text: string) => void,
): Promise<Uint8Array | null> {
  const pieces: Uint8Array[] = [];
  let wrong = false;
  const miss = (what: "body" | "blob", text: string): void => {
    wrong = true;
    find(what, text);
  };
  for (const piece of place) {
    if (piece.kind === "literal") pieces.push(piece.bytes);
    else if (piece.kind === "inline") {
      const name = `body ${piece.index} of entry ${piece.seq}`;
      const body = bodies.get(`${piece.seq} ${piece.index}`);
      if (typeof body === "string") miss("body", `${name} cannot be read: ${body}`);
      else if (!body) miss("body", `${name} is missing`);
      else if (body.length !== piece.size) miss("body", `${name} has ${body.length} bytes, not ${piece.size}`);
      else pieces.push(body);
    } else {
      const read = await readBlob(stores, piece.blob, piece.size);
      if (typeof read === "string") miss("blob", `blob ${piece.blob} ${read}`);
      else pieces.push(read);
    }
  }
  return wrong ? null : Buffer.concat(pieces);
}

const readAtOnce = 1024 * 1024;

/** The bytes of a blob, or what is wrong with it. */
async function readBlob(stores: Stores, blob: string, size: number): Promise<Uint8Array | string> {
  const hash = createHash("sha256");
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < size; ) {
    let bytes: Uint8Array | null;
    try {
      bytes = await stores.blobs.read(blob as never, at, Math.min(readAtOnce, size - at));
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      return `cannot be read: ${(error as Error).message}`;
    }
    if (!bytes) return "is missing";
    if (bytes.length === 0) return `ends after ${at} of ${size} bytes`;
    hash.update(bytes);
    pieces.push(bytes);
    at += bytes.length;
  }
  return hash.digest("hex") === blob ? Buffer.concat(pieces) : "does not hold the bytes it is named after";
}
