import iconv from "iconv-lite";

/** Turns bytes in some charset into Unicode, in chunks of any size. Never fails: what cannot be read becomes U+FFFD. */
export interface CharsetDecoder {
  write(bytes: Uint8Array): string;
  end(): string;
}

/**
 * For any charset name, in any letter case. One that is not known, or none, or us-ascii (which says nothing about bytes
 * above 127) is taken for UTF-8 until bytes come that cannot be that, and from there on for windows-1252.
 */
export function charsetDecoder(name: string): CharsetDecoder {
  const label = name.trim().toLowerCase();
  if (label === "" || label === "us-ascii" || label === "ascii" || label === "unknown-8bit")
    return new GuessingDecoder();
  if (webCharset(label)) return new WebDecoder(label);
  return !noCharsets.has(label) && iconv.encodingExists(label) ? new IconvDecoder(label) : new GuessingDecoder();
}

/** The library knows these as encodings, but what they answer is no text. */
const noCharsets = new Set(["base64", "hex"]);

/** Decodes all of `bytes`. */
export function decodeCharset(bytes: Uint8Array, name: string): string {
  // Most mail is UTF-8, and a decoder costs more to make than to use.
  if (/^utf-?8$/i.test(name)) return lenientUtf8.decode(bytes);
  const decoder = charsetDecoder(name);
  return decoder.write(bytes) + decoder.end();
}

/** Shared, so never used on a stream. */
const lenientUtf8 = new TextDecoder("utf-8");
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const windows1252 = new TextDecoder("windows-1252");

const knownLabels = new Map<string, boolean>();

/** Whether the platform's decoder knows the name. "Replacement" encodings it knows only to refuse. */
function webCharset(label: string): boolean {
  let known = knownLabels.get(label);
  if (known === undefined) {
    try {
      known = new TextDecoder(label as Bun.Encoding).encoding !== "replacement";
    } catch {
      known = false;
    }
    // Names come from the network: the memory of them is bounded.
    if (knownLabels.size < 1000) knownLabels.set(label, known);
  }
  return known;
}

class WebDecoder implements CharsetDecoder {
  readonly #decoder: TextDecoder;

  constructor(label: string) {
    this.#decoder = new TextDecoder(label as Bun.Encoding);
  }

  write(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true });
  }

  end(): string {
    return this.#decoder.decode();
  }
}

class IconvDecoder implements CharsetDecoder {
  readonly #decoder: ReturnType<typeof iconv.getDecoder>;

  constructor(label: string) {
    this.#decoder = iconv.getDecoder(label);
  }

  write(bytes: Uint8Array): string {
    return this.#decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  end(): string {
    return this.#decoder.end() ?? "";
  }
}

class GuessingDecoder implements CharsetDecoder {
  #isUtf8 = true;
  /** Bytes of a sequence begun in an earlier chunk. */
  #begun: Uint8Array = new Uint8Array(0);

  write(bytes: Uint8Array): string {
    const input = this.#begun.length === 0 ? bytes : Buffer.concat([this.#begun, bytes]);
    const whole = this.#isUtf8 ? input.length - unfinished(input) : input.length;
    this.#begun = new Uint8Array(input.subarray(whole));
    return this.#decode(input.subarray(0, whole));
  }

  end(): string {
    const rest = this.#begun;
    this.#begun = new Uint8Array(0);
    return rest.length === 0 ? "" : this.#decode(rest);
  }

  #decode(bytes: Uint8Array): string {
    if (this.#isUtf8) {
      try {
        return strictUtf8.decode(bytes);
      } catch {
        this.#isUtf8 = false;
      }
    }
    return windows1252.decode(bytes);
  }
}

/** How many bytes at the end may be the beginning of a UTF-8 sequence. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}
