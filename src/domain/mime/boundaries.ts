import { binaryString } from "./binary-string.ts";

/** A delimiter line: of the multipart at this level, and whether it is the last one. */
export type Delimiter = { readonly level: number; readonly closes: boolean };

type Boundary = {
  readonly level: number;
  readonly text: string;
  /** What ends the multipart, with the spaces that the parameter had at its end. */
  readonly closing: string;
};

/** The boundaries of the multiparts that we are in. Lines that are no delimiters are told apart by a glance. */
export class Boundaries {
  /** Outermost first. */
  #open: Boundary[] = [];
  /** How many boundaries begin with each byte. */
  readonly #firstBytes = new Uint16Array(256);
  /** No boundary is shorter than this. */
  #shortest = Number.POSITIVE_INFINITY;
  #longest = 0;

  /** Bytes at the beginning of a line that tell whether it is a delimiter: `--`, the longest boundary so far, `--`. */
  get delimiterSize(): number {
    return this.#longest + 4;
  }

  /**
   * A multipart with this boundary parameter begins; false where that is none, and it cannot have parts. Of any length:
   * RFC 2046 §5.1.1 allows 70 characters, and some mailers take more.
   */
  add(level: number, parameter: string): boolean {
    // Spaces at its end would be lost in transport, so no delimiter is required to have them.
    let end = parameter.length;
    while (end > 0 && (parameter[end - 1] === " " || parameter[end - 1] === "\t")) end--;
    const text = parameter.slice(0, end);
    if (text === "") return false;
    this.#open.push({ level, text, closing: `${parameter}--` });
    this.#firstBytes[text.charCodeAt(0)]!++;
    this.#shortest = Math.min(this.#shortest, text.length);
    this.#longest = Math.max(this.#longest, parameter.length);
    return true;
  }

  /** No more delimiters of the multipart at this level, nor of any in it. */
  drop(level: number): void {
    for (let last = this.#open.at(-1); last !== undefined && last.level >= level; last = this.#open.at(-1)) {
      this.#firstBytes[last.text.charCodeAt(0)]!--;
      this.#open.pop();
    }
  }

  /**
   * What the line with this beginning delimits, if anything. It need only begin with a boundary; of several that it
   * begins with, the longest counts, and of equal ones the innermost.
   *
   * @see RFC 2046 §5.1.2 (comparison with the beginning of each line)
   */
  match(bytes: Uint8Array, from: number, to: number): Delimiter | null {
    if (to - from - 2 < this.#shortest || bytes[from] !== 45 || bytes[from + 1] !== 45) return null;
    if (this.#firstBytes[bytes[from + 2]!] === 0) return null;
    const line = binaryString(bytes, from + 2, Math.min(to, from + this.delimiterSize));
    let found: Boundary | null = null;
    let longest = 0;
    for (let at = this.#open.length - 1; at >= 0; at--) {
      const boundary = this.#open[at]!;
      const { length } = boundary.text;
      if (length <= longest || length > line.length || !line.startsWith(boundary.text)) continue;
      longest = length;
      found = boundary;
    }
    if (found === null) return null;
    return { level: found.level, closes: line.startsWith("--", longest) || line.startsWith(found.closing) };
  }
}
