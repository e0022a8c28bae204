import { inboxPath, isBelow } from "../../domain/account/mailbox-path.ts";
import { BeyondLimit } from "./wire/wire-syntax-error.ts";

/** Characters of patterns with wildcards in one command: each is looked at for every character of every name. */
export const mostPattern = 1_024;

/**
 * A test for names that any of these LIST patterns means: `*` is any characters, `%` any but "/" (RFC 3501 §6.3.8).
 * INBOX as the first level matches in any letter case. Names are best asked for in their order: of one that lies below
 * the same levels as the one before, only what differs is looked at.
 *
 * @throws BeyondLimit for more than `mostPattern` characters of patterns
 */
export function listPatterns(patterns: readonly string[]): (path: string) => boolean {
  const exact = new Set<string>();
  const wild = new Set<string>();
  for (const pattern of patterns) {
    if (/[*%]/.test(pattern)) wild.add(pattern.replace(/[*%]{2,}/g, (run) => (run.includes("*") ? "*" : "%")));
    else exact.add(pattern.replace(/^inbox(?=\/|$)/i, inboxPath));
  }
  let length = 0;
  for (const pattern of wild) length += pattern.length;
  if (length > mostPattern) throw new BeyondLimit(`${mostPattern} characters of patterns`, 0);
  if (wild.size === 0) return (path) => exact.has(path);
  const matcher = new WildcardMatcher([...wild]);
  return (path) => exact.has(path) || matcher.matches(path);
}

type Level = { readonly path: string; readonly open: Uint32Array };

/**
 * All ways through all patterns at once. The patterns' steps stand one behind the other, a place for its end behind
 * each; bit i of `open` says that all steps before i in its pattern can match what has been read.
 */
class WildcardMatcher {
  readonly #words: number;
  readonly #begin: Uint32Array;
  readonly #ends: Uint32Array;
  /** Places of `*`, of `%`, and of each other character. */
  readonly #any: Uint32Array;
  readonly #level: Uint32Array;
  readonly #characters = new Map<string, Uint32Array>();
  readonly #anyCase = new Map<string, Uint32Array>();
  /** What was open behind each level of the name asked for last. */
  readonly #levels: Level[];

  constructor(patterns: readonly string[]) {
    this.#words = Math.ceil(patterns.reduce((sum, pattern) => sum + pattern.length + 1, 0) / 32);
    this.#begin = this.#none();
    this.#ends = this.#none();
    this.#any = this.#none();
    this.#level = this.#none();
    let at = 0;
    for (const pattern of patterns) {
      setBit(this.#begin, at);
      for (let step = 0; step < pattern.length; step++) this.#stepAt(at++, pattern[step]!);
      setBit(this.#ends, at++);
    }
    this.#skipWildcards(this.#begin);
    this.#levels = [{ path: "", open: this.#begin }];
  }

  matches(path: string): boolean {
    const levels = this.#levels;
    while (!path.startsWith(levels[levels.length - 1]!.path)) levels.pop();
    const last = levels[levels.length - 1]!;
    const inInbox = path === inboxPath || isBelow(path, inboxPath);
    let open = last.open;
    let spare: Uint32Array | null = null;
    for (let at = last.path.length; at < path.length; at++) {
      const character = path[at]!;
      const next: Uint32Array = spare ?? this.#none();
      this.#read(character, inInbox && at < inboxPath.length, open, next);
      // What a level remembers is not written over.
      spare = open === levels[levels.length - 1]!.open ? null : open;
      open = next;
      if (character === "/") levels.push({ path: path.slice(0, at + 1), open });
    }
    for (let word = 0; word < this.#words; word++) if ((open[word]! & this.#ends[word]!) !== 0) return true;
    return false;
  }

  #read(character: string, anyCase: boolean, open: Uint32Array, next: Uint32Array): void {
    const places = anyCase ? this.#inAnyCase(character) : this.#characters.get(character);
    const level = character === "/" ? null : this.#level;
    let carried = 0;
    for (let word = 0; word < open.length; word++) {
      const there = open[word]!;
      const passed = places === undefined ? 0 : there & places[word]!;
      const stays = there & (level === null ? this.#any[word]! : this.#any[word]! | level[word]!);
      next[word] = (passed << 1) | carried | stays;
      carried = passed >>> 31;
    }
    this.#skipWildcards(next);
  }

  /** A wildcard may also match nothing; no two stand side by side. */
  #skipWildcards(open: Uint32Array): void {
    let carried = 0;
    for (let word = 0; word < open.length; word++) {
      const wild = open[word]! & (this.#any[word]! | this.#level[word]!);
      open[word]! |= (wild << 1) | carried;
      carried = wild >>> 31;
    }
  }

  #stepAt(at: number, step: string): void {
    if (step === "*") setBit(this.#any, at);
    else if (step === "%") setBit(this.#level, at);
    else {
      const places = this.#characters.get(step) ?? this.#none();
      this.#characters.set(step, places);
      setBit(places, at);
    }
  }

  /** Places of an upper-case letter, and of the same one in lower case. */
  #inAnyCase(upper: string): Uint32Array {
    let places = this.#anyCase.get(upper);
    if (places === undefined) {
      places = this.#none();
      for (const spelling of [upper, upper.toLowerCase()]) {
        this.#characters.get(spelling)?.forEach((bits, word) => {
          places![word]! |= bits;
        });
      }
      this.#anyCase.set(upper, places);
    }
    return places;
  }

  #none(): Uint32Array {
    return new Uint32Array(this.#words);
  }
}

function setBit(bits: Uint32Array, at: number): void {
  bits[at >>> 5]! |= 1 << (at & 31);
}
