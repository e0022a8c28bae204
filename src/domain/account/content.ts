import type { BlobId } from "../ids.ts";

/**
 * Where a message's bytes are: the pieces, in order, are the message, byte for byte.
 * `literal` rides in the event itself (trace headers); `inline` is the index-th body that rides in the same log entry;
 * `blob` is content-addressed and may be shared by any number of messages and accounts.
 */
export type Piece =
  | { readonly kind: "literal"; readonly bytes: Uint8Array }
  | { readonly kind: "inline"; readonly index: number; readonly size: number }
  | { readonly kind: "blob"; readonly blob: BlobId; readonly size: number };

export type Content = readonly Piece[];

/** Bytes of the whole message. */
export function sizeOf(content: Content): number {
  let size = 0;
  for (const piece of content) size += piece.kind === "literal" ? piece.bytes.length : piece.size;
  return size;
}
