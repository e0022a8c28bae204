/** A set of characters that are two octets each, or three. "unknown": one of which nobody here has a table. */
export type PairSet = "jisX0208" | "jisX0212" | "gb2312" | "ksX1001" | "unknown";

/** Each set as the platform knows it: in the high half of an encoding that has it beside ASCII. */
const homes = { jisX0208: "euc-jp", jisX0212: "euc-jp", gb2312: "gbk", ksX1001: "euc-kr" } as const;
type Home = (typeof homes)[keyof typeof homes];

/** Shared, so never used on a stream: they are given whole characters. */
const decoders = new Map<Home, TextDecoder>();

function decoderOf(home: Home): TextDecoder {
  let decoder = decoders.get(home);
  if (decoder === undefined) {
    decoder = new TextDecoder(home as Bun.Encoding);
    decoders.set(home, decoder);
  }
  return decoder;
}

/** Text that is put together of single characters and of pairs of octets, runs of which are decoded at once. */
export class PairText {
  #text = "";
  #home: Home | null = null;
  readonly #run = new Uint8Array(512);
  #length = 0;

  /** Text that is decoded already. */
  add(text: string): void {
    this.#settle();
    this.#text += text;
  }

  /** A character of the set, by its octets in either half. One that the set does not have becomes U+FFFD. */
  pair(set: PairSet, first: number, second: number): void {
    if (set === "unknown" || isControl(first) || isControl(second)) {
      this.add("\ufffd");
      return;
    }
    const home = homes[set];
    if (home !== this.#home || this.#length + 3 > this.#run.length) this.#settle();
    this.#home = home;
    // How EUC-JP tells its third set.
    if (set === "jisX0212") this.#run[this.#length++] = 0x8f;
    this.#run[this.#length++] = first | 0x80;
    this.#run[this.#length++] = second | 0x80;
  }

  /** What there is since the last time. */
  take(): string {
    this.#settle();
    const text = this.#text;
    this.#text = "";
    return text;
  }

  #settle(): void {
    if (this.#home !== null) this.#text += decoderOf(this.#home).decode(this.#run.subarray(0, this.#length));
    this.#home = null;
    this.#length = 0;
  }
}

function isControl(octet: number): boolean {
  return (octet & 0x7f) <= 32;
}
