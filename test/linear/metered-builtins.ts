import { StepMatcher } from "./regexp-steps.ts";

/**
 * Counts the work of what is built in, by what it has to look at: characters of a string, items of an array. For a
 * process of its own: the engine is slower from then on.
 */
export class WorkMeter {
  work = 0;
  #on = false;
  readonly #matchers = new Map<string, StepMatcher>();

  constructor() {
    const count = (work: number): void => {
      if (this.#on) this.work += 1 + work;
    };
    (globalThis as unknown as { countStep: () => void }).countStep = () => count(0);
    this.#strings(count);
    this.#lists(count);
    this.#regexps(count);
  }

  /** The work of `job`; of what it awaits, too. */
  async of(job: () => unknown): Promise<number> {
    this.work = 0;
    this.#on = true;
    try {
      await job();
    } finally {
      this.#on = false;
    }
    return this.work;
  }

  #strings(count: (work: number) => void): void {
    // A string that comes of joining or cutting is made when it is first looked at: that is counted here, each time.
    const whole = ["includes", "lastIndexOf", "trim", "trimStart", "trimEnd", "normalize", "toLowerCase"];
    wrap(String.prototype, [...whole, "toUpperCase", "padStart", "replaceAll"], (text) => count(lengthOf(text)));
    wrap(String.prototype, ["indexOf"], (...found) => count(passed(...found)));
    wrap(String.prototype, ["replace", "split"], (text, [by]) => {
      if (typeof by === "string") count(lengthOf(text));
    });
    wrap(String.prototype, ["slice", "substring", "repeat"], (_, __, made) => count(lengthOf(made)));
    wrap(TextDecoder.prototype, ["decode"], (_, [bytes]) => count(lengthOf(bytes)));
    wrap(TextEncoder.prototype, ["encode"], (_, [text]) => count(lengthOf(text)));
    wrap(Buffer.prototype, ["toString"], (_, __, made) => count(lengthOf(made)));
    wrap(URLSearchParams.prototype, ["getAll", "get", "has"], (form) => count((form as URLSearchParams).size));
  }

  #lists(count: (work: number) => void): void {
    const whole = ["includes", "join", "map", "filter", "some", "every", "find", "findIndex", "reduce"];
    const more = ["forEach", "flatMap", "flat", "fill", "reverse", "toReversed", "splice", "shift", "unshift", "sort"];
    wrap(Array.prototype, [...whole, ...more], (list) => count(lengthOf(list)));
    wrap(Array.prototype, ["indexOf"], (...found) => count(passed(...found)));
    wrap(Array.prototype, ["concat", "slice"], (_, __, made) => count(lengthOf(made)));
    wrap(Array, ["from"], (_, __, made) => count(lengthOf(made)));
    wrap(Object, ["entries", "keys", "values", "fromEntries"], (_, [of]) => count(sizeOf(of)));
    wrap(Object.getPrototypeOf(Uint8Array.prototype), ["fill", "includes", "set", "sort"], (bytes, given) =>
      count(Math.min(lengthOf(bytes), typeof given[0] === "object" ? lengthOf(given[0]) : lengthOf(bytes))),
    );
    wrap(Object.getPrototypeOf(Uint8Array.prototype), ["indexOf"], (...found) => count(passed(...found)));
    wrap(Buffer.prototype, ["indexOf"], (...found) => count(passed(...found)));
    wrap(Object.getPrototypeOf(Uint8Array.prototype), ["slice"], (_, __, made) => count(lengthOf(made)));
    wrap(Buffer, ["concat"], (_, __, made) => count(lengthOf(made)));
    // Spreading an array, or a set or map, asks its iterator.
    for (const [of, name] of [
      [Array.prototype, "values"],
      [Set.prototype, "values"],
      [Map.prototype, "entries"],
    ] as const) {
      const begin = of[name as never] as (this: unknown) => IterableIterator<unknown>;
      Object.defineProperty(of, Symbol.iterator, {
        configurable: true,
        writable: true,
        value(this: unknown) {
          const inner = begin.call(this);
          const next = inner.next.bind(inner);
          inner.next = () => {
            count(0);
            return next();
          };
          return inner;
        },
      });
    }
  }

  #regexps(count: (work: number) => void): void {
    const matched = (regexp: unknown, text: unknown, which: "one" | "all"): void => {
      if (!(regexp instanceof RegExp) || !this.#on) return;
      this.#on = false;
      const name = String(regexp);
      const matcher = this.#matchers.get(name) ?? new StepMatcher(regexp);
      this.#matchers.set(name, matcher);
      const from = which === "one" && (regexp.global || regexp.sticky) ? regexp.lastIndex : 0;
      const steps = matcher.steps(String(text), { from, which, most: mostSteps });
      this.#on = true;
      count(steps);
    };
    // The methods of strings ask the pattern's own, which would be counted twice.
    let asked = false;
    wrap(
      RegExp.prototype,
      ["exec", "test"],
      () => {},
      (regexp, [text]) => {
        if (!asked) matched(regexp, text, "one");
      },
    );
    wrap(
      String.prototype,
      ["replace", "replaceAll", "match", "matchAll", "search", "split"],
      () => {
        asked = false;
      },
      (text, [by], name) => {
        matched(by, text, name === "split" || (by instanceof RegExp && by.global) ? "all" : "one");
        asked = true;
      },
    );
  }
}

/** Of one call: what takes more is far beyond what may be. */
const mostSteps = 20_000_000;

type Seen = (self: unknown, given: readonly unknown[], made: unknown) => void;
type Begun = (self: unknown, given: readonly unknown[], name: string) => void;

function wrap(of: object, names: readonly string[], seen: Seen, begun?: Begun): void {
  for (const name of names) {
    const inner = (of as Record<string, (...given: unknown[]) => unknown>)[name];
    if (inner === undefined) throw new Error(`Cannot meter ${name}: there is none`);
    Object.defineProperty(of, name, {
      value(this: unknown, ...given: unknown[]) {
        begun?.(this, given, name);
        const made = inner.apply(this, given);
        seen(this, given, made);
        return made;
      },
    });
  }
}

const lengthOf = (value: unknown): number => Number((value as { length?: number } | null | undefined)?.length ?? 0);

/** What a search has passed over: from where it began to what it found. */
function passed(self: unknown, [, from]: readonly unknown[], found: unknown): number {
  return (Number(found) < 0 ? lengthOf(self) : Number(found) + 1) - Number(from ?? 0);
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map || value instanceof Set) return value.size;
  let size = 0;
  for (const _ in value as object) size++;
  return size;
}
