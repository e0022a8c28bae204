import { keywordShift, systemMask } from "./flags.ts";
import type { KeywordTable } from "./keyword-table.ts";

/** Turns one flags word into another; remembers keyword sets it has met, so that a set is worked out once. */
export function flagChanger(
  table: KeywordTable,
  change: "add" | "remove" | "replace",
  bits: number,
  names: readonly string[],
): { apply(word: number): number; table(): KeywordTable } {
  let keywords = table;
  const sets = new Map<number, number>();
  const lower = new Set(names.map((name) => name.toLowerCase()));
  const setFor = (from: number): number => {
    if (change === "add" && names.length === 0) return from;
    if (change === "remove" && names.length === 0) return from;
    let to = sets.get(from);
    if (to === undefined) {
      const old = keywords.keywords(from);
      const wanted =
        change === "replace"
          ? names
          : change === "add"
            ? [...old, ...names]
            : old.filter((keyword) => !lower.has(keyword.toLowerCase()));
      ({ table: keywords, index: to } = keywords.with(wanted));
      sets.set(from, to);
    }
    return to;
  };
  return {
    apply(word) {
      const system = word & systemMask;
      const kept = change === "add" ? system | bits : change === "remove" ? system & ~bits : bits;
      return kept | (setFor(word >>> keywordShift) << keywordShift);
    },
    table: () => keywords,
  };
}
