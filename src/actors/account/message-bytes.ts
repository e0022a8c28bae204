import type { AccountId } from "../../domain/ids.ts";
import { StoreUnavailable } from "../../store/log.ts";
import type { Stores } from "../../store/stores.ts";
import { type Place, pieceSize } from "./message-place.ts";

/** The store answers, and what a message is made of is not there: `eider verify` says more. */
export class BytesMissing extends StoreUnavailable {}

/** The bytes of whole messages, in the order of their places; those that ride in the log cost one round trip in all. */
export async function readWhole(
  stores: Stores,
  account: AccountId,
  places: readonly Place[],
): Promise<readonly Uint8Array[]> {
  const inline = places.flatMap((place) => place.filter((piece) => piece.kind === "inline"));
  const bodies = inline.length > 0 ? await stores.log.bodies(account, inline) : [];
  let next = 0;
  const read: Uint8Array[] = [];
  for (const place of places) {
    const pieces: Uint8Array[] = [];
    for (const piece of place) {
      if (piece.kind === "literal") pieces.push(piece.bytes);
      else if (piece.kind === "inline") pieces.push(present(bodies[next++], `entry ${piece.seq}, body ${piece.index}`));
      else pieces.push(await readBlob(stores, piece.blob, 0, piece.size));
    }
    read.push(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
  }
  return read;
}

/** Bytes [start, end) of one message, without reading the rest of it. */
export async function readRange(
  stores: Stores,
  account: AccountId,
  place: Place,
  start: number,
  end: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const piece of place) {
    const size = pieceSize(piece);
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, size);
    at += size;
    if (from >= to) continue;
    if (piece.kind === "literal") pieces.push(piece.bytes.subarray(from, to));
    else if (piece.kind === "blob") pieces.push(await readBlob(stores, piece.blob, from, to - from));
    else {
      const [body] = await stores.log.bodies(account, [piece]);
      pieces.push(present(body, `entry ${piece.seq}, body ${piece.index}`).subarray(from, to));
    }
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

async function readBlob(stores: Stores, blob: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await stores.blobs.read(blob as never, offset, length);
  if (!bytes || bytes.length !== length) {
    throw new BytesMissing(
      `Cannot read ${length} bytes of blob ${blob}: ${bytes ? `only ${bytes.length} are there` : "it is missing"}`,
      { kept: "no" },
    );
  }
  return bytes;
}

function present(body: Uint8Array | null | undefined, what: string): Uint8Array {
  if (!body) throw new BytesMissing(`Cannot read a message: ${what} of the log is missing`, { kept: "no" });
  return body;
}
