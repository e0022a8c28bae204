/**
 * Undoes a Content-Transfer-Encoding, in chunks of any size. Lenient: what is not in the encoding is passed over
 * (base64) or taken as it is (quoted-printable). An encoding not known is taken for none.
 *
 * @see RFC 2045 §6.7 and §6.8
 */
export interface TransferDecoder {
  /** The bytes decoded so far that have not been answered yet. */
  write(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/** `encoding` in lower case, as Part has it. */
export function transferDecoder(encoding: string): TransferDecoder {
  if (encoding === "base64") return new Base64Decoder();
  return encoding === "quoted-printable" ? new QuotedPrintableDecoder() : identity;
}

/** Decodes all of `bytes`. */
export function decodeTransfer(bytes: Uint8Array, encoding: string): Uint8Array {
  const decoder = transferDecoder(encoding);
  const body = decoder.write(bytes);
  const rest = decoder.end();
  return rest.length === 0 ? body : Buffer.concat([body, rest]);
}

const nothing = new Uint8Array(0);
const identity: TransferDecoder = { write: (bytes) => bytes, end: () => nothing };

const sextets = new Int8Array(256).fill(-1);
for (const [value, char] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) {
  sextets[char.charCodeAt(0)] = value;
}
const padding = 61;

class Base64Decoder implements TransferDecoder {
  #bits = 0;
  #count = 0;

  write(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.ceil((bytes.length * 3) / 4) + 3);
    let bits = this.#bits;
    let count = this.#count;
    let to = 0;
    for (let at = 0; at < bytes.length; at++) {
      const sextet = sextets[bytes[at]!]!;
      if (sextet >= 0) {
        bits = (bits << 6) | sextet;
        count++;
        if (count > 1) out[to++] = bits >> (8 - 2 * count);
        if (count === 4) bits = count = 0;
        else if (count > 1) bits &= (1 << (8 - 2 * count)) - 1;
      } else if (bytes[at] === padding) {
        // What follows padding is a new beginning: mailers concatenate encoded pieces.
        bits = count = 0;
      }
    }
    this.#bits = bits;
    this.#count = count;
    return out.subarray(0, to);
  }

  end(): Uint8Array {
    return nothing;
  }
}

/** A soft line break with more blanks than this is none. */
const longestPause = 100;

class QuotedPrintableDecoder implements TransferDecoder {
  /** What came after a "=" too late to tell what it is. */
  #pending: Uint8Array = nothing;

  write(bytes: Uint8Array): Uint8Array {
    const input = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const out = new Uint8Array(input.length);
    const to = this.#decode(input, out, false);
    return out.subarray(0, to);
  }

  end(): Uint8Array {
    const out = new Uint8Array(this.#pending.length);
    return out.subarray(0, this.#decode(this.#pending, out, true));
  }

  #decode(input: Uint8Array, out: Uint8Array, atEnd: boolean): number {
    const size = input.length;
    let to = 0;
    let at = 0;
    this.#pending = nothing;
    while (at < size) {
      const char = input[at]!;
      if (char !== padding) {
        out[to++] = char;
        at++;
        continue;
      }
      const high = hexDigit(input[at + 1]);
      const low = hexDigit(input[at + 2]);
      if (high >= 0 && low >= 0) {
        out[to++] = (high << 4) | low;
        at += 3;
        continue;
      }
      let next = at + 1;
      while (next < size && next - at < longestPause && (input[next] === 32 || input[next] === 9)) next++;
      if (input[next] === 13) next++;
      if (input[next] === 10) at = next + 1;
      else if (atEnd && next >= size) at = size;
      else if (!atEnd && (next >= size || (high >= 0 && at + 2 >= size))) {
        this.#pending = new Uint8Array(input.subarray(at));
        return to;
      } else {
        out[to++] = char;
        at++;
      }
    }
    return to;
  }
}

function hexDigit(char: number | undefined): number {
  if (char === undefined) return -1;
  if (char >= 48 && char <= 57) return char - 48;
  const upper = char & 0xdf;
  return upper >= 65 && upper <= 70 ? upper - 55 : -1;
}
