import iconv from "iconv-lite";
import { HzDecoder } from "./hz.ts";
import { Iso2022Decoder, iso2022Family } from "./iso-2022.ts";

/**
 * Turns bytes in some charset into Unicode, in chunks of any size. Never fails: what cannot be read becomes U+FFFD, and
 * so does NUL, which is no text and which no client can ask for.
 */
export interface CharsetDecoder {
  write(bytes: Uint8Array): string;
  end(): string;
}

/**
 * For any charset name, in any letter case. One that is not known, or none, or us-ascii (which says nothing about bytes
 * above 127) is taken for UTF-8 until bytes come that cannot be that, and from there on for windows-1252.
 */
export function charsetDecoder(name: string): CharsetDecoder {
  const decoder = decoderFor(name);
  return { write: (bytes) => withoutNul(decoder.write(bytes)), end: () => withoutNul(decoder.end()) };
}

function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}

/** Whether the name, in any letter case, is of a charset that is decoded as what it is. */
export function knowsCharset(name: string): boolean {
  const label = name.trim().toLowerCase();
  return statefulDecoder(label) !== null || webCharset(label) || iconvCharset(label);
}

/** Whether text in this charset is decoded by the platform, many times as quickly as what is not. */
export function isDecodedQuickly(name: string): boolean {
  const label = name.trim().toLowerCase();
  return statefulDecoder(label) === null && (webCharset(label) || !iconvCharset(label));
}

function iconvCharset(label: string): boolean {
  return label !== "" && !noCharsets.has(label) && iconv.encodingExists(label);
}

function decoderFor(name: string): CharsetDecoder {
  const label = name.trim().toLowerCase();
  if (label === "" || label === "us-ascii" || label === "ascii" || label === "unknown-8bit")
    return new GuessingDecoder();
  const stateful = statefulDecoder(label);
  if (stateful !== null) return stateful;
  if (webCharset(label)) return new WebDecoder(label);
  return iconvCharset(label) ? new IconvDecoder(label) : new GuessingDecoder();
}

/** Of charsets that shift between sets of characters: the platform knows one of them, and stops at what mailers do to it. */
function statefulDecoder(label: string): Iso2022Decoder | HzDecoder | null {
  const family = iso2022Family(label);
  if (family !== null) return new Iso2022Decoder(family);
  if (/^cp5022[0-2]$/.test(label)) return new Iso2022Decoder("jp");
  return label === "hz" || label === "hz-gb-2312" ? new HzDecoder() : null;
}

/** The library knows these as encodings, but what they answer is no text. */
const noCharsets = new Set(["base64", "hex"]);

/** Decodes all of `bytes`. */
export function decodeCharset(bytes: Uint8Array, name: string): string {
  // Most mail is UTF-8, and a decoder costs more to make than to use.
  if (/^utf-?8$/i.test(name)) return withoutNul(lenientUtf8.decode(bytes));
  const decoder = charsetDecoder(name);
  return decoder.write(bytes) + decoder.end();
}

/**
 * Decodes what adjacent encoded words of one charset hold. A character that two of them divide is put together; else
 * each begins anew, whatever shifts the one before it has made.
 *
 * @see RFC 2047 §3 (encoded words begin and end in ASCII) and §5
 */
export function decodeWords(words: readonly Uint8Array[], name: string): string {
  const label = name.toLowerCase();
  let decoder = statefulDecoder(label);
  if (decoder === null && !isUtf7(label)) return decodeCharset(Buffer.concat(words), name);
  let text = "";
  for (const word of words) {
    if (decoder === null || !decoder.cut) {
      text += decoder?.end() ?? "";
      decoder = statefulDecoder(label);
    }
    text += decoder?.write(word) ?? decodeCharset(word, name);
  }
  return withoutNul(text + (decoder?.end() ?? ""));
}

/** Of which a word need not say that it ends, and the next one begins in ASCII none the less. */
function isUtf7(label: string): boolean {
  return /utf-?7/.test(label);
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
