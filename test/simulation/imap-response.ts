/** A part of a response: an atom or number, a string or literal, NIL, or a list of them. */
export type Item = string | Uint8Array | null | readonly Item[];

/**
 * Cuts octets into IMAP responses, literals included (RFC 3501 §7, §9). Strict: what a client that follows the RFC
 * could not read is thrown.
 */
export class ResponseReader {
  #bytes: Buffer = Buffer.alloc(0);

  add(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
  }

  /** The next whole response without its CRLF, or null where more octets are needed. */
  next(): Buffer | null {
    let from = 0;
    for (;;) {
      const end = this.#bytes.indexOf("\r\n", from);
      if (end < 0) return null;
      const announced = /\{(\d+)\}$/.exec(this.#bytes.toString("latin1", Math.max(from, end - 14), end));
      if (!announced) {
        const response = this.#bytes.subarray(0, end);
        this.#bytes = this.#bytes.subarray(end + 2);
        return response;
      }
      from = end + 2 + Number(announced[1]);
      if (this.#bytes.length < from) return null;
    }
  }
}

/** The items of a response, from octet `at` on. */
export function parseItems(bytes: Buffer, at: number): readonly Item[] {
  const parser = new Parser(bytes, at);
  const items: Item[] = [];
  while (!parser.atEnd) items.push(parser.item());
  return items;
}

class Parser {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#skipSpaces();
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  item(): Item {
    const byte = this.#bytes[this.#at];
    const item =
      byte === 0x28 ? this.#list() : byte === 0x22 ? this.#quoted() : byte === 0x7b ? this.#literal() : this.#atom();
    this.#skipSpaces();
    return item;
  }

  #list(): readonly Item[] {
    const items: Item[] = [];
    this.#at++;
    this.#skipSpaces();
    while (this.#bytes[this.#at] !== 0x29) {
      if (this.atEnd) throw new Error("a list does not end");
      items.push(this.item());
    }
    this.#at++;
    return items;
  }

  #quoted(): string {
    let text = "";
    for (this.#at++; this.#bytes[this.#at] !== 0x22; this.#at++) {
      if (this.atEnd) throw new Error("a string does not end");
      if (this.#bytes[this.#at] === 0x5c) this.#at++;
      text += String.fromCharCode(this.#bytes[this.#at]!);
    }
    this.#at++;
    return text;
  }

  #literal(): Uint8Array {
    const end = this.#bytes.indexOf("}\r\n", this.#at);
    const size = Number(this.#bytes.toString("latin1", this.#at + 1, end));
    this.#at = end + 3 + size;
    return this.#bytes.subarray(end + 3, this.#at);
  }

  /** Up to a space or parenthesis; what is between brackets belongs to it (BODY[HEADER.FIELDS (X)]). */
  #atom(): Item {
    const from = this.#at;
    let depth = 0;
    for (; !this.atEnd; this.#at++) {
      const byte = this.#bytes[this.#at]!;
      if (byte === 0x5b) depth++;
      else if (byte === 0x5d) depth--;
      else if (depth === 0 && (byte === 0x20 || byte === 0x28 || byte === 0x29)) break;
    }
    if (this.#at === from) throw new Error(`cannot read on at ${from} of ${this.#bytes}`);
    const text = this.#bytes.toString("latin1", from, this.#at);
    return text === "NIL" ? null : text;
  }

  #skipSpaces(): void {
    while (this.#bytes[this.#at] === 0x20) this.#at++;
  }
}

/** UIDs of a set like 3:5,9; ascending. */
export function uidsOf(set: string): number[] {
  return set.split(",").flatMap((range) => {
    const [from, to = from] = range.split(":").map(Number);
    return Array.from({ length: Math.abs(to! - from!) + 1 }, (_, at) => Math.min(from!, to!) + at);
  });
}
