/**
 * Cuts a client's octets into lines. A line ends with LF, with or without CR before it (RFC 1939 §3 says CRLF; clients
 * typed by hand send LF). A line longer than `limit` octets is swallowed and reported as such, once.
 */
export class LineBuffer {
  readonly #limit: number;
  #rest: Buffer | null = null;
  #swallowing = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Octets that are waiting. */
  get size(): number {
    return this.#rest?.length ?? 0;
  }

  /** Keeps a copy of the octets. */
  add(bytes: Uint8Array): void {
    this.#rest = this.#rest === null ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
  }

  /** The next line without its end; "too long" for one over the limit; null where none is complete. */
  next(): Buffer | "too long" | null {
    const rest = this.#rest;
    if (rest === null) return null;
    const end = rest.indexOf(0x0a);
    if (end < 0) {
      if (rest.length > this.#limit) {
        this.#swallowing = true;
        this.#rest = null;
      }
      return null;
    }
    this.#rest = end + 1 < rest.length ? rest.subarray(end + 1) : null;
    const tooLong = this.#swallowing || end > this.#limit;
    this.#swallowing = false;
    if (tooLong) return "too long";
    return rest.subarray(0, end > 0 && rest[end - 1] === 0x0d ? end - 1 : end);
  }

  /** Forgets whatever is waiting: what came in clear text before TLS began is not to be believed (RFC 2595 §2.4). */
  clear(): void {
    this.#rest = null;
    this.#swallowing = false;
  }
}
