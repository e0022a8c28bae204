import { foldableLength, foldText } from "./fold-text.ts";

/**
 * Looks for several texts in one that comes in chunks of any size, without regard to letter case; one that lies across
 * chunks is found too. Memory: the longest needle.
 */
export class TextFinder {
  readonly #needles: readonly string[];
  readonly #found: boolean[];
  readonly #overlap: number;
  #missing: number;
  /** Not folded yet: the next chunk may begin with what combines with its last character. */
  #unfolded = "";
  /** Folded: as much as the beginning of a match may need. */
  #tail = "";

  /** `needles` are folded already. */
  constructor(needles: readonly string[]) {
    this.#needles = needles;
    this.#found = needles.map((needle) => needle === "");
    this.#missing = this.#found.filter((found) => !found).length;
    this.#overlap = Math.max(0, ...needles.map((needle) => needle.length - 1));
  }

  /** Whether the needle with this index has been found. */
  found(index: number): boolean {
    return this.#found[index]!;
  }

  /** Nothing more to look for. */
  get done(): boolean {
    return this.#missing === 0;
  }

  /** True if a needle was found that had not been before. */
  write(text: string): boolean {
    if (this.done) return false;
    const all = this.#unfolded + text;
    const whole = foldableLength(all);
    this.#unfolded = all.slice(whole);
    return this.#look(foldText(all.slice(0, whole)));
  }

  /** Ends the text: what comes next does not continue it. */
  end(): boolean {
    const found = this.#look(foldText(this.#unfolded));
    this.#unfolded = "";
    this.#tail = "";
    return found;
  }

  #look(folded: string): boolean {
    if (folded === "") return false;
    const window = this.#tail + folded;
    let news = false;
    for (let index = 0; index < this.#needles.length; index++) {
      if (this.#found[index] || !window.includes(this.#needles[index]!)) continue;
      this.#found[index] = true;
      this.#missing--;
      news = true;
    }
    this.#tail = this.#overlap === 0 ? "" : window.slice(-this.#overlap);
    return news;
  }
}
