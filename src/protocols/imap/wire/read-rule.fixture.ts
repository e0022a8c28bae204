import { expect } from "bun:test";
import { Cursor, plainContext, type Rule, type WireContext } from "./cursor.ts";
import { parseArgs } from "./parse-args.ts";
import { WireSyntaxError } from "./wire-syntax-error.ts";

/** What a rule makes of a command's whole arguments; characters of `text` are octets, unless it is octets already. */
export function read<T>(rule: Rule<T>, text: string | Uint8Array, context: WireContext = plainContext): T {
  const octets = typeof text === "string" ? Buffer.from(text, "latin1") : text;
  return parseArgs({ value: rule }, new Cursor(octets, context)).value;
}

/** Expects every one of `texts` to be refused as wrong syntax. */
export function expectRefused<T>(rule: Rule<T>, texts: readonly string[], context: WireContext = plainContext): void {
  for (const text of texts) {
    let outcome: unknown;
    try {
      outcome = read(rule, text, context);
    } catch (error) {
      outcome = error;
    }
    if (!(outcome instanceof WireSyntaxError))
      throw new Error(`${JSON.stringify(text)} was not refused: ${Bun.inspect(outcome)}`);
    expect(outcome.offset).toBeLessThanOrEqual(text.length);
  }
}
