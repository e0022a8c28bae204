import type { Content } from "../../domain/account/content.ts";
import type { BlobId } from "../../domain/ids.ts";

/** Where a message's bytes are, from anywhere: an inline piece names the log entry it rides in. */
export type Place = readonly PlacePiece[];
export type PlacePiece =
  | { readonly kind: "literal"; readonly bytes: Uint8Array }
  | { readonly kind: "inline"; readonly seq: number; readonly index: number; readonly size: number }
  | { readonly kind: "blob"; readonly blob: BlobId; readonly size: number };

/** The place of content that was appended in log entry `seq`. */
export function placeOf(content: Content, seq: number): Place {
  return content.map((piece) => (piece.kind === "inline" ? { ...piece, seq } : piece));
}

export function pieceSize(piece: PlacePiece): number {
  return piece.kind === "literal" ? piece.bytes.length : piece.size;
}

/** Bytes of the whole message. */
export function placeSize(place: Place): number {
  return place.reduce((sum, piece) => sum + pieceSize(piece), 0);
}

type Packed = { l: string } | { i: [number, number, number] } | { b: [string, number] };

/** As stored in `StoredMessage.place`. */
export function packPlace(place: Place): Uint8Array {
  const packed = place.map((piece): Packed => {
    if (piece.kind === "literal") return { l: Buffer.from(piece.bytes).toString("base64") };
    return piece.kind === "inline" ? { i: [piece.seq, piece.index, piece.size] } : { b: [piece.blob, piece.size] };
  });
  return Buffer.from(JSON.stringify(packed));
}

export function unpackPlace(bytes: Uint8Array): Place {
  const packed = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as Packed[];
  return packed.map((piece): PlacePiece => {
    if ("l" in piece) return { kind: "literal", bytes: Buffer.from(piece.l, "base64") };
    if ("i" in piece) return { kind: "inline", seq: piece.i[0], index: piece.i[1], size: piece.i[2] };
    return { kind: "blob", blob: piece.b[0] as BlobId, size: piece.b[1] };
  });
}
