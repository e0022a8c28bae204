import { isUtf8 } from "node:buffer";
import { WireSyntaxError } from "./wire-syntax-error.ts";

/** A command as it came: its keyword in upper case, and what follows the first space. */
export type CommandLine = { readonly keyword: string; readonly rest: string };

/**
 * Reads `keyword [SP arguments]`.
 *
 * @throws WireSyntaxError for control characters and what is not UTF-8
 * @see RFC 1939 §3 (keywords in any case), RFC 2449 §4 (grammar), RFC 6856 §2 (UTF-8 in arguments)
 */
export function readCommandLine(line: Buffer): CommandLine {
  for (const octet of line)
    if (octet < 0x20 || octet === 0x7f) throw new WireSyntaxError("Control character in command");
  if (!isUtf8(line)) throw new WireSyntaxError("Command is not UTF-8");
  const text = line.toString("utf8");
  const space = text.indexOf(" ");
  if (space < 0) return { keyword: text.toUpperCase(), rest: "" };
  return { keyword: text.slice(0, space).toUpperCase(), rest: text.slice(space + 1) };
}
