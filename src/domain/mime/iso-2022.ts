import { binaryString } from "./binary-string.ts";
import type { CharsetDecoder } from "./charset.ts";
import { type PairSet, PairText } from "./pair-text.ts";

type SingleSet = "ascii" | "roman" | "katakana" | "latin1" | "greek";
type CharacterSet = SingleSet | PairSet;
type Slot = "g0" | "g1" | "g2";

/** What follows ESC, and which set it puts where; null: nothing changes. */
const designations = new Map<string, readonly [Slot, CharacterSet] | null>([
  ["(B", ["g0", "ascii"]],
  ["(J", ["g0", "roman"]],
  ["(I", ["g0", "katakana"]],
  ["$@", ["g0", "jisX0208"]],
  ["$B", ["g0", "jisX0208"]],
  ["$(@", ["g0", "jisX0208"]],
  ["$(B", ["g0", "jisX0208"]],
  ["$(D", ["g0", "jisX0212"]],
  // The first plane of JIS X 0213 is JIS X 0208 and more.
  ["$(O", ["g0", "jisX0208"]],
  ["$(Q", ["g0", "jisX0208"]],
  ["$(P", ["g0", "unknown"]],
  ["$A", ["g0", "gb2312"]],
  ["$(A", ["g0", "gb2312"]],
  ["$(C", ["g0", "ksX1001"]],
  ["$)A", ["g1", "gb2312"]],
  ["$)C", ["g1", "ksX1001"]],
  ["$)E", ["g1", "unknown"]],
  ["$)G", ["g1", "unknown"]],
  ["$*H", ["g2", "unknown"]],
  [".A", ["g2", "latin1"]],
  [".F", ["g2", "greek"]],
  // Announces a newer edition of what the next escape designates.
  ["&@", null],
]);
const beginnings = new Set([...designations.keys()].flatMap((whole) => [whole.slice(0, 1), whole.slice(0, 2)]));

const [lineFeed, shiftOut, shiftIn, escapeMark] = [10, 14, 15, 27];
const greek = new TextDecoder("iso-8859-7");

/** The family that a charset's name says it is of; null: none of them. */
export function iso2022Family(label: string): "jp" | "kr" | "cn" | null {
  return (/^(?:cs)?iso-?2022-?(jp|kr|cn)/.exec(label)?.[1] as "jp" | "kr" | "cn" | undefined) ?? null;
}

/**
 * ISO-2022-JP with its extensions (RFC 1468, RFC 1554, RFC 2237), ISO-2022-KR (RFC 1557) and ISO-2022-CN (RFC 1922): one
 * machine, since their escape sequences do not meet. An escape sequence may stand straight behind another. Each line
 * begins in ASCII. What is not known becomes U+FFFD: of ISO-2022-CN the traditional characters of CNS 11643, of
 * ISO-2022-JP-3 the second plane of JIS X 0213.
 */
export class Iso2022Decoder implements CharsetDecoder {
  readonly #out = new PairText();
  #g0: CharacterSet = "ascii";
  #g1: CharacterSet;
  #g2: CharacterSet = "unknown";
  #shifted = false;
  /** The next character is of G2. */
  #single = false;
  /** What came behind ESC; null: not within an escape sequence. */
  #escape: string | null = null;
  /** The first octet of a pair, or 0. */
  #lead = 0;

  /** Texts that shift without having said to what mean the set that the family is about. */
  constructor(family: "jp" | "kr" | "cn") {
    this.#g1 = family === "jp" ? "katakana" : family === "kr" ? "ksX1001" : "gb2312";
  }

  /** Whether the octets so far end within a character. */
  get cut(): boolean {
    return this.#lead !== 0;
  }

  write(bytes: Uint8Array): string {
    for (let at = 0; at < bytes.length; ) {
      const from = at;
      if (this.#plain) while (at < bytes.length && isPrintable(bytes[at]!)) at++;
      if (at > from) this.#out.add(binaryString(bytes, from, at));
      else this.#octet(bytes[at++]!);
    }
    return this.#out.take();
  }

  end(): string {
    this.#broken();
    return this.#out.take();
  }

  get #plain(): boolean {
    return this.#escape === null && this.#g0 === "ascii" && !this.#shifted && !this.#single;
  }

  #octet(octet: number): void {
    if (this.#escape !== null) this.#escaped(octet);
    else if (octet === escapeMark) {
      this.#broken();
      this.#escape = "";
    } else if (octet === shiftOut || octet === shiftIn) {
      this.#broken();
      this.#shifted = octet === shiftOut;
    } else if (octet <= 32 || octet === 127) {
      this.#broken();
      if (octet === lineFeed) {
        this.#g0 = "ascii";
        this.#shifted = false;
      }
      this.#out.add(String.fromCharCode(octet));
    } else {
      // In its eight-bit form the second set is in the high half.
      this.#character(this.#single ? this.#g2 : octet > 127 || this.#shifted ? this.#g1 : this.#g0, octet);
    }
  }

  #escaped(octet: number): void {
    const sequence = this.#escape! + String.fromCharCode(octet);
    if (sequence === "N") this.#single = true;
    else if (designations.has(sequence)) {
      const [slot, set] = designations.get(sequence) ?? [];
      if (slot === "g0") this.#g0 = set!;
      else if (slot === "g1") this.#g1 = set!;
      else if (slot === "g2") this.#g2 = set!;
    } else if (beginnings.has(sequence)) {
      this.#escape = sequence;
      return;
    } else {
      this.#broken();
      this.#octet(octet);
      return;
    }
    this.#escape = null;
  }

  /** What was begun does not go on. */
  #broken(): void {
    if (this.#lead !== 0) this.#out.add("\ufffd");
    if (this.#escape !== null) this.#out.add(`\ufffd${this.#escape}`);
    this.#lead = 0;
    this.#escape = null;
    this.#single = false;
  }

  #character(set: CharacterSet, octet: number): void {
    const low = octet & 0x7f;
    if (set === "ascii") this.#out.add(octet > 127 ? "\ufffd" : String.fromCharCode(octet));
    else if (set === "roman") this.#out.add(low === 0x5c ? "¥" : low === 0x7e ? "‾" : String.fromCharCode(low));
    else if (set === "katakana") this.#out.add(low > 0x20 && low < 0x60 ? String.fromCharCode(0xff40 + low) : "\ufffd");
    else if (set === "latin1") this.#out.add(String.fromCharCode(low | 0x80));
    else if (set === "greek") this.#out.add(greek.decode(new Uint8Array([low | 0x80])));
    else if (this.#lead === 0) {
      this.#lead = octet;
      return;
    } else this.#out.pair(set, this.#lead, octet);
    this.#lead = 0;
    this.#single = false;
  }
}

function isPrintable(octet: number): boolean {
  return octet >= 32 && octet < 127;
}
