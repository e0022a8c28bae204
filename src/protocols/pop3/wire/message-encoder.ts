/**
 * Makes a message, coming in pieces, into the lines of a multi-line response: every line ends with CRLF, and one that
 * begins with a dot gets another. A message whose lines end with CRLF goes out octet for octet. A bare LF becomes CRLF:
 * half of the clients take it for a line end and half do not, so a dot behind it could neither be doubled nor left
 * alone, and "LF . CRLF" inside a message would end the response for some of them.
 *
 * @see RFC 1939 §3 (multi-line responses)
 */
export class MessageEncoder {
  #last: number = lf;
  #linesLeft: number;
  #inBody = false;
  #lineEmpty = true;

  /** `bodyLines`: ends behind that many lines of the body (TOP). */
  constructor(bodyLines = Number.POSITIVE_INFINITY) {
    this.#linesLeft = bodyLines;
  }

  /** TOP has what it asked for; what follows need not be read. */
  get satisfied(): boolean {
    return this.#inBody && this.#linesLeft <= 0;
  }

  /** The piece as it is to be sent; a view of it where nothing is to be changed. */
  encode(piece: Uint8Array): Uint8Array {
    const bytes = this.#cut(piece);
    const extra = this.#extra(bytes);
    if (bytes.length > 0 && extra === 0) this.#last = bytes[bytes.length - 1]!;
    return extra === 0 ? bytes : this.#widen(bytes, extra);
  }

  /** What ends the response: the last line's end, where it has none, and the dot. */
  end(): Uint8Array {
    return this.#last === lf ? endAtLineStart : endInsideLine;
  }

  /** As much of the piece as TOP is to show. */
  #cut(piece: Uint8Array): Uint8Array {
    if (this.#linesLeft === Number.POSITIVE_INFINITY) return piece;
    for (let at = 0; at < piece.length; at++) {
      if (this.satisfied) return piece.subarray(0, at);
      const octet = piece[at];
      if (octet === lf) {
        if (this.#inBody) this.#linesLeft--;
        else if (this.#lineEmpty) this.#inBody = true;
        this.#lineEmpty = true;
      } else if (octet !== cr) this.#lineEmpty = false;
    }
    return piece;
  }

  /** How many octets longer the piece gets. */
  #extra(bytes: Uint8Array): number {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let extra = this.#last === lf && view[0] === dot ? 1 : 0;
    for (let at = view.indexOf(lf); at >= 0; at = view.indexOf(lf, at + 1)) {
      if ((at > 0 ? view[at - 1] : this.#last) !== cr) extra++;
      if (view[at + 1] === dot) extra++;
    }
    return extra;
  }

  #widen(bytes: Uint8Array, extra: number): Uint8Array {
    const wide = Buffer.allocUnsafe(bytes.length + extra);
    let last = this.#last;
    let to = 0;
    for (const octet of bytes) {
      if (octet === lf && last !== cr) wide[to++] = cr;
      else if (octet === dot && last === lf) wide[to++] = dot;
      wide[to++] = octet;
      last = octet;
    }
    this.#last = last;
    return wide;
  }
}

const cr = 0x0d;
const lf = 0x0a;
const dot = 0x2e;
const endAtLineStart = Buffer.from(".\r\n");
const endInsideLine = Buffer.from("\r\n.\r\n");
