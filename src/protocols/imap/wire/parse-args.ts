import type { Cursor, Rule } from "./cursor.ts";

/** A rule for an argument that may be left out at the end of the command. */
export type OptionalRule<T> = Rule<T | undefined> & { readonly optional: true };
export type ArgumentRules = { readonly [name: string]: Rule<unknown> };
/** The values that rules read: `Arguments<{ messages: Rule<SequenceSet> }>` is `{ messages: SequenceSet }`. */
export type Arguments<R extends ArgumentRules> = { readonly [K in keyof R]: R[K] extends Rule<infer T> ? T : never };

/** The argument may be left out, space before it included; its value is then undefined. */
export function optional<T>(rule: Rule<T>): OptionalRule<T> {
  return Object.assign((cursor: Cursor) => rule(cursor), { optional: true as const });
}

/**
 * Reads a command's arguments: the rules in order, one space between them, and then the end.
 * Throws `WireSyntaxError` where the text is anything else.
 */
export function parseArgs<R extends ArgumentRules>(rules: R, cursor: Cursor): Arguments<R> {
  const values: Record<string, unknown> = {};
  let first = true;
  for (const name in rules) {
    const rule = rules[name]!;
    if ("optional" in rule && onlySpacesLeft(cursor)) continue;
    if (!first) cursor.space();
    values[name] = rule(cursor);
    first = false;
  }
  // Accept spaces before the line's end: Dovecot does, so clients that send them exist.
  if (!onlySpacesLeft(cursor)) throw cursor.expected("end of command");
  return values as Arguments<R>;
}

function onlySpacesLeft(cursor: Cursor): boolean {
  for (let at = cursor.at; at < cursor.bytes.length; at++) if (cursor.bytes[at] !== 0x20) return false;
  return true;
}
