/**
 * Cuts a client's octets into lines. A line ends with LF, with or without CR before it (RFC 1939 §3 says CRLF; clients
 * typed by hand send LF). A line longer than `limit` octets is swallowed and reported as such, once.
 */
export class LineBuffer {
  readonly #limit: number;
  /** What waits stands between `#from` and `#to`; up to `#searched` there is no LF in it. */
  #bytes = nothing;
  #from = 0;
  #to = 0;
  #searched = 0;
  #swallowing = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Octets that are waiting. */
  get size(): number {
    return this.#to - this.#from;
  }

  /** Keeps a copy of the octets. */
  add(bytes: Uint8Array): void {
    if (this.#to + bytes.length > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(Math.max(this.size * 2, this.size + bytes.length));
      wider.set(this.#bytes.subarray(this.#from, this.#to));
      this.#to -= this.#from;
      this.#searched -= this.#from;
      this.#from = 0;
      this.#bytes = wider;
    }
    this.#bytes.set(bytes, this.#to);
    this.#to += bytes.length;
  }

  /** The next line without its end; "too long" for one over the limit; null where none is complete. */
  next(): Buffer | "too long" | null {
    const end = this.#bytes.subarray(0, this.#to).indexOf(0x0a, this.#searched);
    if (end < 0) {
      this.#searched = this.#to;
      if (this.size > this.#limit) {
        this.#swallowing = true;
        this.#forget();
      }
      return null;
    }
    const from = this.#from;
    const tooLong = this.#swallowing || end - from > this.#limit;
    this.#swallowing = false;
    const line = tooLong ? "too long" : Buffer.from(this.#bytes.subarray(from, endOfText(this.#bytes, from, end)));
    if (end + 1 === this.#to) this.#forget();
    else {
      this.#from = end + 1;
      this.#searched = end + 1;
    }
    return line;
  }

  /** Forgets whatever is waiting: what came in clear text before TLS began is not to be believed (RFC 2595 §2.4). */
  clear(): void {
    this.#forget();
    this.#swallowing = false;
  }

  /** Nobody who says nothing holds a buffer. */
  #forget(): void {
    this.#bytes = nothing;
    this.#from = 0;
    this.#to = 0;
    this.#searched = 0;
  }
}

const nothing = Buffer.alloc(0);

function endOfText(bytes: Buffer, from: number, lf: number): number {
  return lf > from && bytes[lf - 1] === 0x0d ? lf - 1 : lf;
}
