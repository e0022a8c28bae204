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
}

const smallest = 256;
const largest = 256 * 1024;

/** The same in blocks of their own, for what is too much to be copied again. */
export class Blocks {
  readonly #full: Uint8Array[] = [];
  #last: Uint8Array = new Uint8Array(0);
  #filled = 0;

  add(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      if (this.#filled === this.#last.length) {
        if (this.#filled > 0) this.#full.push(this.#last);
        const size = Math.min(Math.max(this.#last.length * 2, piece.length - at, smallest), largest);
        this.#last = new Uint8Array(size);
        this.#filled = 0;
      }
      const taken = piece.subarray(at, at + this.#last.length - this.#filled);
      this.#last.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
    }
  }

  get blocks(): readonly Uint8Array[] {
    return [...this.#full, this.#last.subarray(0, this.#filled)];
  }
}
