import type { CharsetDecoder } from "./charset.ts";
import { PairText } from "./pair-text.ts";

const [lineFeed, carriageReturn, tilde, open, close] = [10, 13, 126, 123, 125];

/** HZ-GB-2312: `~{` begins pairs of GB 2312, `~}` ends them, `~~` is a tilde, and each line begins in ASCII (RFC 1843). */
export class HzDecoder implements CharsetDecoder {
  readonly #out = new PairText();
  #paired = false;
  /** The first octet of a pair or of an escape, or 0. */
  #first = 0;

  /** Whether the octets so far end within a character. */
  get cut(): boolean {
    return this.#first !== 0;
  }

  write(bytes: Uint8Array): string {
    for (const octet of bytes) this.#octet(octet);
    return this.#out.take();
  }

  end(): string {
    if (this.#first !== 0) this.#out.add(this.#paired ? "\ufffd" : String.fromCharCode(this.#first));
    this.#first = 0;
    return this.#out.take();
  }

  #octet(octet: number): void {
    const first = this.#first;
    this.#first = 0;
    const escaped = first === tilde && !this.#paired;
    if (escaped && octet === carriageReturn) this.#first = tilde;
    else if (octet === lineFeed) {
      // Behind a tilde it only divides the encoded line.
      if (!escaped) this.#out.add(first === 0 ? "\n" : "\ufffd\n");
      this.#paired = false;
    } else if (first === 0 && (octet === tilde || (this.#paired && octet > 32))) this.#first = octet;
    else if (first === 0) this.#out.add(octet < 128 ? String.fromCharCode(octet) : "\ufffd");
    else if (first === tilde && octet === (this.#paired ? close : open)) this.#paired = !this.#paired;
    else if (this.#paired) this.#out.pair("gb2312", first, octet);
    else if (octet === tilde) this.#out.add("~");
    else {
      this.#out.add("~");
      this.#octet(octet);
    }
  }
}
