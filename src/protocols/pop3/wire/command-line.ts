import { WireSyntaxError } from "./wire-syntax-error.ts";

/** A command as it came: its keyword in upper case, and the octets behind the first space. */
export type CommandLine = { readonly keyword: string; readonly rest: Buffer };

/**
 * Reads `keyword [SP arguments]`.
 *
 * @throws WireSyntaxError for control characters
 * @see RFC 1939 §3 (keywords in any case), RFC 2449 §4 (grammar)
 */
export function readCommandLine(line: Buffer): CommandLine {
  for (const octet of line)
    if (octet < 0x20 || octet === 0x7f) throw new WireSyntaxError("Control character in command");
  const space = line.indexOf(0x20);
  const end = space < 0 ? line.length : space;
  return { keyword: line.toString("latin1", 0, end).toUpperCase(), rest: line.subarray(end + 1) };
}
