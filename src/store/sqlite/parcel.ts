/**
 * Copies byte arrays into one new buffer, to be transferred to another thread: one copy instead of two, one object to
 * hand over, and the caller's own arrays stay theirs.
 */
export class Parcel {
  readonly buffer: ArrayBuffer;
  #at = 0;

  constructor(size: number) {
    this.buffer = new ArrayBuffer(size);
  }

  add(bytes: Uint8Array): Uint8Array {
    const copy = new Uint8Array(this.buffer, this.#at, bytes.length);
    copy.set(bytes);
    this.#at += bytes.length;
    return copy;
  }
}
