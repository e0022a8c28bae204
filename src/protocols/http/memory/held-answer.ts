import type { Clock } from "../../../actors/runtime/clock.ts";
import type { Lease } from "./byte-gate.ts";

const pieceSize = 64 * 1024;
/** A client takes at least so many bytes a second, after its first `grace` milliseconds. */
export const slowestRate = 16 * 1024;
export const grace = 30_000;
const lookEvery = 5_000;

/**
 * A body that stays in memory until the client has taken it, in pieces, no faster than that; then its lease ends. A
 * client that takes it too slowly is cut off: it sees fewer bytes than announced.
 */
export function heldAnswer(
  body: readonly Uint8Array[],
  headers: Readonly<Record<string, string>>,
  held: { readonly lease: Lease; readonly clock: Clock },
): Response {
  const length = sizeOf(body);
  const init = { headers: { ...headers, "Content-Length": String(length) } };
  if (length > pieceSize) return new Response(takenSlowly(body, held), init);
  held.lease.release();
  return new Response(Buffer.concat(body), init);
}

/** Octets of all pieces together. */
export function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/**
 * Cuts off whoever takes too little for too long: `taken` answers how many bytes have been taken so far. Answers what
 * forgets about it.
 */
export function cutOffIfSlow(clock: Clock, taken: () => number, cutOff: (why: Error) => void): () => void {
  const begun = clock.monotonic();
  let forget = () => {};
  const look = (): void => {
    forget = clock.after(lookEvery, () => {
      const seconds = (clock.monotonic() - begun - grace) / 1000;
      if (taken() >= seconds * slowestRate) return look();
      cutOff(new Error("Cannot go on answering: the client takes it too slowly"));
    });
  };
  look();
  return () => forget();
}

function takenSlowly(
  body: readonly Uint8Array[],
  { lease, clock }: { readonly lease: Lease; readonly clock: Clock },
): ReadableStream<Uint8Array> {
  // Let go of as soon as nobody will read it, whoever holds the stream.
  const left = [...body].reverse();
  let at = 0;
  let taken = 0;
  let forget = () => {};
  const end = (): void => {
    left.length = 0;
    forget();
    lease.release();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const cutOff = (why: Error): void => {
          end();
          controller.error(why);
        };
        forget = cutOffIfSlow(clock, () => taken, cutOff);
      },
      pull(controller) {
        const bytes = left[left.length - 1];
        if (bytes === undefined) return;
        // A copy: a piece may be handed over, and the others with it.
        const piece = bytes.slice(at, at + pieceSize);
        controller.enqueue(piece);
        at += piece.length;
        taken += piece.length;
        if (at < bytes.length) return;
        at = 0;
        left.pop();
        if (left.length > 0) return;
        controller.close();
        end();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
