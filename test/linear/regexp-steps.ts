/**
 * How many steps a backtracking matcher takes over a text, as engines for JavaScript's regular expressions do: what
 * they skip by being clever is counted, since no pattern should rest on that. Knows what this project's patterns use;
 * anything else is an error.
 *
 * @see https://tc39.es/ecma262/#sec-pattern-semantics
 */
export class StepMatcher {
  readonly #root: Node;
  readonly #anyCase: boolean;
  readonly #multiline: boolean;
  readonly #flags: string;
  #steps = 0;
  #most = 0;

  constructor(readonly regexp: RegExp) {
    this.#flags = regexp.flags.replace(/[gyd]/g, "");
    this.#anyCase = regexp.ignoreCase;
    this.#multiline = regexp.multiline;
    this.#root = new PatternReader(regexp.source, this.#flags).read();
  }

  /** Single characters and class members that the pattern speaks of: what a text must be made of to keep it busy. */
  get alphabet(): readonly string[] {
    const found = new Set<string>();
    const visit = (node: Node): void => {
      if (node.kind === "one") for (const sample of samples) if (node.has(sample)) found.add(sample);
      if (node.kind === "one" && node.literal !== null) found.add(node.literal);
      if ("of" in node) for (const each of Array.isArray(node.of) ? node.of : [node.of]) visit(each);
    };
    visit(this.#root);
    return [...found];
  }

  /** Steps of finding one match, or all of them, in `text` behind `from`; stops counting at `most`. */
  steps(
    text: string,
    {
      from = 0,
      which = "all" as "one" | "all",
      most = Number.POSITIVE_INFINITY,
    }: { from?: number; which?: "one" | "all"; most?: number } = {},
  ): number {
    this.#steps = 0;
    this.#most = most;
    try {
      for (let at = from; at <= text.length; ) {
        const end = this.#match(this.#root, text, at, (place) => place);
        if (this.regexp.sticky || (end !== null && which === "one")) break;
        at = end !== null && end > at ? end : at + 1;
      }
    } catch (error) {
      if (error !== enough) throw error;
    }
    return this.#steps;
  }

  #match(node: Node, text: string, at: number, next: (at: number) => number | null): number | null {
    if (++this.#steps > this.#most) throw enough;
    switch (node.kind) {
      case "empty":
        return next(at);
      case "one": {
        const character = text[at];
        if (character === undefined) return null;
        return node.has(character) ? next(at + 1) : null;
      }
      case "all": {
        const from = (index: number, place: number): number | null =>
          index === node.of.length
            ? next(place)
            : this.#match(node.of[index]!, text, place, (end) => from(index + 1, end));
        return from(0, at);
      }
      case "any":
        for (const each of node.of) {
          const found = this.#match(each, text, at, next);
          if (found !== null) return found;
        }
        return null;
      case "repeat":
        return this.#repeat(node, text, at, next);
      case "look": {
        const there = this.#match(node.of, text, at, (end) => end) !== null;
        return there === node.wanted ? next(at) : null;
      }
      case "begin":
        return at === 0 || (this.#multiline && text[at - 1] === "\n") ? next(at) : null;
      case "end":
        return at === text.length || (this.#multiline && text[at] === "\n") ? next(at) : null;
      case "edge":
        return (isWord(text[at - 1]) !== isWord(text[at])) === node.wanted ? next(at) : null;
      case "again":
        throw new Error(`Cannot follow /${this.regexp.source}/: it refers back`);
    }
  }

  /** What is repeated is one character nearly always: by a loop then, for a text is longer than a stack is deep. */
  #repeat(node: Repeat, text: string, at: number, next: (at: number) => number | null): number | null {
    const { of, least, most, greedy } = node;
    if (of.kind === "one") {
      let count = 0;
      const another = (): boolean => {
        if (++this.#steps > this.#most) throw enough;
        const character = text[at + count];
        if (count >= most || character === undefined || !of.has(character)) return false;
        count++;
        return true;
      };
      while (count < (greedy ? most : least) && another()) {}
      if (count < least) return null;
      for (;;) {
        const found = next(at + count);
        if (found !== null) return found;
        if (greedy ? count-- <= least : !another()) return null;
        this.#steps++;
      }
    }
    const round = (count: number, place: number): number | null => {
      const more = () =>
        count < most
          ? this.#match(of, text, place, (end) => (end === place && count >= least ? null : round(count + 1, end)))
          : null;
      if (count < least) return more();
      return greedy ? (more() ?? next(place)) : (next(place) ?? more());
    };
    return round(0, at);
  }

  get anyCase(): boolean {
    return this.#anyCase;
  }
}

type One = { readonly kind: "one"; readonly has: (character: string) => boolean; readonly literal: string | null };
type Repeat = {
  readonly kind: "repeat";
  readonly of: Node;
  readonly least: number;
  readonly most: number;
  readonly greedy: boolean;
};
type Node =
  | One
  | Repeat
  | { readonly kind: "empty" | "begin" | "end" | "again" }
  | { readonly kind: "all" | "any"; readonly of: readonly Node[] }
  | { readonly kind: "look"; readonly of: Node; readonly wanted: boolean }
  | { readonly kind: "edge"; readonly wanted: boolean };

const enough = new Error("enough steps");
const samples = [..." \t\r\n\0aA0<>\"'\\@:;,./%&=()[]{}*+-_#\u00e9\u2028"];
const isWord = (character: string | undefined) => character !== undefined && /\w/.test(character);

class PatternReader {
  #at = 0;

  constructor(
    readonly source: string,
    readonly flags: string,
  ) {}

  read(): Node {
    const node = this.#alternatives();
    if (this.#at < this.source.length) throw this.#unknown();
    return node;
  }

  #alternatives(): Node {
    const of = [this.#sequence()];
    while (this.#skip("|")) of.push(this.#sequence());
    return of.length === 1 ? of[0]! : { kind: "any", of };
  }

  #sequence(): Node {
    const of: Node[] = [];
    while (this.#at < this.source.length && !"|)".includes(this.source[this.#at]!)) of.push(this.#term());
    return of.length === 0 ? { kind: "empty" } : of.length === 1 ? of[0]! : { kind: "all", of };
  }

  #term(): Node {
    if (this.#skip("^")) return { kind: "begin" };
    if (this.#skip("$")) return { kind: "end" };
    if (this.#skip("\\b")) return { kind: "edge", wanted: true };
    if (this.#skip("\\B")) return { kind: "edge", wanted: false };
    for (const [opening, wanted] of [
      ["(?=", true],
      ["(?!", false],
    ] as const) {
      if (this.#skip(opening)) return { kind: "look", of: this.#group(), wanted };
    }
    if (this.source.startsWith("(?<=", this.#at) || this.source.startsWith("(?<!", this.#at)) throw this.#unknown();
    return this.#quantified(this.#atom());
  }

  #group(): Node {
    const node = this.#alternatives();
    if (!this.#skip(")")) throw this.#unknown();
    return node;
  }

  #atom(): Node {
    if (this.#skip("(?:")) return this.#group();
    const named = /^\(\?<\w+>/.exec(this.source.slice(this.#at));
    if (named) {
      this.#at += named[0].length;
      return this.#group();
    }
    if (this.#skip("(")) return this.#group();
    if (/^\\[1-9k]/.test(this.source.slice(this.#at))) return { kind: "again" };
    return this.#one();
  }

  /** One character's worth of pattern; the engine itself says what is in it. */
  #one(): One {
    const rest = this.source.slice(this.#at);
    const text = /^(?:\[(?:\\.|[^\]\\])*\]|\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\u[\da-f]{4}|\\x[\da-f]{2}|\\.|[^\\])/isu.exec(
      rest,
    )![0];
    this.#at += text.length;
    const one = new RegExp(`^(?:${text})$`, this.flags);
    const known = new Map<string, boolean>();
    const has = (character: string): boolean => {
      const before = known.get(character);
      if (before !== undefined) return before;
      const is = one.test(character);
      known.set(character, is);
      return is;
    };
    const literal = text.length === 1 && text !== "." ? text : null;
    return { kind: "one", has, literal };
  }

  #quantified(of: Node): Node {
    const found = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.source.slice(this.#at))?.[0];
    if (found === undefined) return of;
    this.#at += found.length;
    const greedy = !this.#skip("?");
    const [least, most] =
      found === "*"
        ? [0, Number.POSITIVE_INFINITY]
        : found === "+"
          ? [1, Number.POSITIVE_INFINITY]
          : found === "?"
            ? [0, 1]
            : bounds(found);
    return { kind: "repeat", of, least, most, greedy };
  }

  #skip(text: string): boolean {
    if (!this.source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #unknown(): Error {
    return new Error(`Cannot read /${this.source}/ from ${this.#at}`);
  }
}

function bounds(text: string): [number, number] {
  const [least, most] = text.slice(1, -1).split(",");
  return [Number(least), most === undefined ? Number(least) : most === "" ? Number.POSITIVE_INFINITY : Number(most)];
}
