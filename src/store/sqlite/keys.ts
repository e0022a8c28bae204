import { isObjectId } from "../../domain/ids.ts";

/** The 12 bytes of an ObjectId: half the size of its text in every key, and in the same order. */
export function objectKey(id: string): Uint8Array {
  if (!isObjectId(id)) throw new RangeError(`Not an id of 24 hex digits: ${JSON.stringify(id)}`);
  return new Uint8Array(Buffer.from(id, "hex"));
}

/** The 32 bytes of a SHA-256. */
export function blobKey(id: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(id)) throw new RangeError(`Not a hash of 64 hex digits: ${JSON.stringify(id)}`);
  return new Uint8Array(Buffer.from(id, "hex"));
}

/** The id of a key, as text. */
export function idOf<Id extends string>(key: Uint8Array): Id {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("hex") as Id;
}
