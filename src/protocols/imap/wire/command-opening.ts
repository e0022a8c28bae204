import { isAtomChar, isTagChar, SP } from "./characters.ts";
import { asciiOf } from "./cursor.ts";

/** How a command begins: what can be known of it before its arguments are read. */
export type CommandOpening = {
  /** null where there is no tag to answer to. */
  readonly tag: string | null;
  /** Upper-case, without UID; null where there is none. */
  readonly name: string | null;
  readonly uid: boolean;
  /** Where the arguments begin. */
  readonly argsAt: number;
};

/** command = tag SP (command-name / "UID" SP command-name), of the octets up to `end` */
export function readOpening(bytes: Uint8Array, end: number): CommandOpening {
  const tagEnd = endOf(bytes, 0, end, isTagChar);
  if (tagEnd === 0 || (tagEnd < end && bytes[tagEnd] !== SP)) return { tag: null, name: null, uid: false, argsAt: end };
  const tag = asciiOf(bytes, 0, tagEnd);
  const first = word(bytes, tagEnd + 1, end);
  if (first.name !== "UID") return { tag, uid: false, ...first };
  const second = word(bytes, first.argsAt, end);
  return second.name === null ? { tag, uid: false, ...first } : { tag, uid: true, ...second };
}

/** An atom and the space behind it; without a name where something else is there. */
function word(bytes: Uint8Array, from: number, end: number): { name: string | null; argsAt: number } {
  const to = endOf(bytes, from, end, isAtomChar);
  if (to === from || (to < end && bytes[to] !== SP)) return { name: null, argsAt: end };
  return { name: asciiOf(bytes, from, to).toUpperCase(), argsAt: Math.min(to + 1, end) };
}

function endOf(bytes: Uint8Array, from: number, end: number, belongs: (octet: number) => boolean): number {
  let at = from;
  while (at < end && belongs(bytes[at]!)) at++;
  return Math.min(at, Math.max(from, end));
}
