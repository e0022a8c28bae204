/** Octets that come in pieces of any size, copied: small pieces must not keep large buffers. Space doubles. */
export class GrowingBytes {
  #bytes = Buffer.allocUnsafe(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(Math.max(length, this.#bytes.length * 2, 256));
      wider.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = wider;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** What is there from `from` on; only until more is added. */
  view(from = 0): Buffer {
    return this.#bytes.subarray(from, this.#length);
  }

  /** All of it in a buffer of its own, which may move to another thread. */
  copy(): Uint8Array {
    return new Uint8Array(this.view());
  }
}
