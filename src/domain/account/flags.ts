import type { Flag } from "./events.ts";

/** The five stored system flags and their bits in the flags column (RFC 9051 §2.3.2). */
export const systemFlags = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"] as const;
export const seen = 1;
export const answered = 2;
export const flagged = 4;
export const deleted = 8;
export const draft = 16;
export const systemMask = 31;
/** The flags column holds the index of the keyword set above the system bits. */
export const keywordShift = 5;

const bitOf = new Map<string, number>(systemFlags.map((flag, at) => [flag.toLowerCase(), 1 << at]));

/** Longest keyword, as WildDuck has it. */
export const keywordLength = 255;

// atom = 1*ATOM-CHAR (RFC 9051 §9): no control, space, ( ) { % * " \ ]
const keywordShape = /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]+$/;

/** Whether it can be a keyword of a message. */
export function isKeyword(word: string): boolean {
  return word.length <= keywordLength && keywordShape.test(word);
}

export type ParsedFlags = { readonly bits: number; readonly keywords: readonly string[] };

/** Splits flags into system bits and keywords; answers the offending flag where one is neither. \Recent is dropped: only the server sets it (RFC 3501 §2.3.2). */
export function parseFlags(flags: readonly Flag[]): ParsedFlags | { readonly bad: Flag } {
  let bits = 0;
  const keywords: string[] = [];
  for (const flag of flags) {
    if (flag.startsWith("\\")) {
      const name = flag.toLowerCase();
      const bit = bitOf.get(name);
      if (bit !== undefined) bits |= bit;
      else if (name !== "\\recent") return { bad: flag };
    } else if (isKeyword(flag)) keywords.push(flag);
    else return { bad: flag };
  }
  return { bits, keywords };
}

/** The names of the system bits set. */
export function systemFlagNames(bits: number): Flag[] {
  const names: Flag[] = [];
  for (let at = 0; at < systemFlags.length; at++) if (bits & (1 << at)) names.push(systemFlags[at]!);
  return names;
}
