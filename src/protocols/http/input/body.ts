import type { Clock } from "../../../actors/runtime/clock.ts";
import { HttpFailure } from "../failure.ts";
import type { Lease } from "../memory/byte-gate.ts";
import { grace, slowestRate } from "../memory/held-answer.ts";
import { GrowingBytes } from "./growing-bytes.ts";

export const bodyTooBig = (limit: number) =>
  new HttpFailure(413, "RequestTooBig", `The request body is larger than ${limit} bytes`, {
    // What is still on its way is not read: the connection cannot be used again.
    headers: { Connection: "close" },
  });

/** The length the client announced; null where it announced none or nonsense. */
export function announcedLength(request: Request): number | null {
  const value = request.headers.get("content-length");
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

/**
 * The body piece by piece; the client is read no faster than the pieces are taken.
 *
 * @throws HttpFailure 413 as soon as it is known to pass `limit` bytes; 400 where it ends before its announced length
 */
export async function* bodyPieces(request: Request, limit: number): AsyncGenerator<Uint8Array> {
  const announced = announcedLength(request);
  if (announced !== null && announced > limit) throw bodyTooBig(limit);
  if (!request.body) return;
  let size = 0;
  const reader = request.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(cutOff);
      if (done) break;
      size += value.length;
      if (size > limit) throw bodyTooBig(limit);
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {}); // gone already where the client went away
  }
  if (announced !== null && size !== announced) throw incomplete();
}

const incomplete = () => new HttpFailure(400, "IncompleteBody", "The request body ended before its announced length");

/** Reading fails where the client has gone: its fault, not ours. */
function cutOff(): never {
  throw incomplete();
}

/** Where a body goes that is kept whole. */
export type BodyRoom = {
  /** Bytes. */
  readonly limit: number;
  /** What it holds of the memory for bodies; null: it is too small to be counted. */
  readonly held: Lease | null;
  readonly clock: Clock;
  /** Octets held for each octet of the body: it is kept as it came, and as what is made of it. */
  readonly weight?: number;
};

/**
 * The body piece by piece. Only what the client is waited for counts against it, not how long its pieces take here.
 *
 * @throws HttpFailure as `bodyPieces`; 408 where it comes so slowly that it is in the way of others
 */
export async function* timelyPieces(
  request: Request,
  limit: number,
  clock: Pick<Clock, "monotonic">,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  let waited = 0;
  let since = clock.monotonic();
  for await (const piece of bodyPieces(request, limit)) {
    size += piece.length;
    waited += clock.monotonic() - since;
    if (size < ((waited - grace) / 1000) * slowestRate) throw tooSlow();
    yield piece;
    since = clock.monotonic();
  }
}

/**
 * The body piece by piece, for whoever keeps all of it.
 *
 * @throws HttpFailure as `timelyPieces`; 503 where there is no room for it
 */
export async function* heldPieces(
  request: Request,
  { limit, held, clock, weight = 1 }: BodyRoom,
): AsyncGenerator<Uint8Array> {
  const announced = announcedLength(request) ?? 0;
  let size = 0;
  for await (const piece of timelyPieces(request, limit, clock)) {
    size += piece.length;
    if (size > announced) held?.resize(size * weight);
    yield piece;
  }
}

/** The whole body; throws as `heldPieces`. */
export async function readBody(request: Request, room: BodyRoom): Promise<Buffer> {
  const body = new GrowingBytes();
  for await (const piece of heldPieces(request, room)) body.add(piece);
  return body.view();
}

const tooSlow = () =>
  new HttpFailure(408, "RequestTimeout", "The request body comes too slowly", { headers: { Connection: "close" } });
