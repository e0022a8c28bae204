import { binaryString } from "./binary-string.ts";

/**
 * Picks fields out of a header for HEADER.FIELDS (`"named"`) and HEADER.FIELDS.NOT (`"others"`): their original bytes
 * in their original order, folded lines included, and then an empty line. Names match in any letter case. Prepare it
 * once for a list of names, use it for any number of headers.
 *
 * @see RFC 9051 §6.4.5.1 (the delimiting blank line is always included)
 */
export class HeaderFieldPicker {
  /** In lower case, by their first letter; where a letter has many, each is looked up instead. */
  readonly #names: (readonly Uint8Array[] | ReadonlySet<string> | undefined)[] = [];
  readonly #wantNamed: boolean;

  constructor(names: readonly string[], which: "named" | "others") {
    this.#wantNamed = which === "named";
    const byInitial = new Map<number, Set<string>>();
    for (const name of names) {
      // Names of fields are ASCII (RFC 5322 §2.2): no line has any other.
      if (!/^[\x21-\x7e]+$/.test(name)) continue;
      const lower = name.toLowerCase();
      const first = lower.charCodeAt(0);
      const known = byInitial.get(first);
      if (known === undefined) byInitial.set(first, new Set([lower]));
      else known.add(lower);
    }
    for (const [first, some] of byInitial) {
      const each = some.size > fewNames ? some : [...some].map((name) => new TextEncoder().encode(name));
      this.#names[first] = each;
      if (first >= 97 && first <= 122) this.#names[first - 32] = each;
    }
  }

  /** `header` with or without its empty line; what is after that line is not looked at. */
  pick(header: Uint8Array): Uint8Array {
    const out = new Uint8Array(header.length + 4);
    return out.subarray(0, this.pickInto(header, out, 0));
  }

  /** Writes what `pick` answers into `out` (room for `header.length + 4` bytes from `at`), and answers where it ends. */
  pickInto(header: Uint8Array, out: Uint8Array, at: number): number {
    const size = header.length;
    let to = at;
    /** Where the run of wanted lines began that has not been written yet; -1: none. */
    let run = -1;
    let line = 0;
    let end = size;
    while (line < size) {
      const first = header[line]!;
      if (first === 10 || (first === 13 && header[line + 1] === 10)) {
        end = line;
        break;
      }
      if ((first !== 32 && first !== 9) || line === 0) {
        const names = this.#names[first];
        const named = names !== undefined && isNamed(header, line, names);
        if (named === this.#wantNamed) {
          if (run < 0) run = line;
        } else if (run >= 0) {
          to = copy(header, run, line, out, to);
          run = -1;
        }
      }
      const lineFeed = header.indexOf(10, line);
      line = lineFeed < 0 ? size : lineFeed + 1;
    }
    if (run >= 0) {
      to = copy(header, run, end, out, to);
      // A last line that was never ended.
      if (header[end - 1] !== 10) to = lineEnd(out, to);
    }
    return lineEnd(out, to);
  }
}

/** Up to here they are compared one after the other, which is quicker than to look up a name. */
const fewNames = 4;

function isNamed(header: Uint8Array, from: number, names: readonly Uint8Array[] | ReadonlySet<string>): boolean {
  if ("has" in names) {
    let end = from;
    while (end < header.length && header[end] !== 58 && header[end] !== 10) end++;
    if (header[end] !== 58) return false;
    while (header[end - 1] === 32 || header[end - 1] === 9) end--;
    return names.has(binaryString(header, from, end).toLowerCase());
  }
  candidates: for (const name of names) {
    const length = name.length;
    for (let i = 0; i < length; i++) {
      let char = header[from + i]!;
      if (char >= 65 && char <= 90) char += 32;
      if (char !== name[i]) continue candidates;
    }
    let after = from + length;
    while (header[after] === 32 || header[after] === 9) after++;
    if (header[after] === 58) return true;
  }
  return false;
}

function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  if (end - start > 256) to.set(from.subarray(start, end), at);
  else for (let i = start, j = at; i < end; i++, j++) to[j] = from[i]!;
  return at + end - start;
}

function lineEnd(out: Uint8Array, at: number): number {
  out[at] = 13;
  out[at + 1] = 10;
  return at + 2;
}
