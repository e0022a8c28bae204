import { bytesOf } from "./binary-string.ts";
import { decodeCharset, decodeWords } from "./charset.ts";
import { decodeTransfer } from "./transfer-decoder.ts";

const encodedWord = /=\?([^?\s*]{1,80})(?:\*[^?\s]{0,80})?\?([bBqQ])\?([^?]*)\?=/g;

/**
 * The Unicode text of an unfolded header value in a binary string: encoded words are decoded and the blanks between
 * two of them dropped; what is outside them is read as UTF-8 (RFC 6532), or windows-1252 where it is not that. A
 * character divided between two words of one charset is put together.
 *
 * @see RFC 2047 §5 and §6.2, RFC 2231 §5 (language)
 */
export function decodeHeaderText(raw: string): string {
  if (!raw.includes("=?")) return decodeRaw(raw);
  let text = "";
  let at = 0;
  let run: { charset: string; pieces: Uint8Array[] } | null = null;
  for (const match of raw.matchAll(encodedWord)) {
    const between = raw.slice(at, match.index);
    const charset = match[1]!.toLowerCase();
    const bytes = decodeWord(match[2]!, match[3]!);
    at = match.index + match[0].length;
    if (run !== null && isBlank(between)) {
      if (run.charset === charset) {
        run.pieces.push(bytes);
        continue;
      }
      text += decodeWords(run.pieces, run.charset);
    } else {
      if (run !== null) text += decodeWords(run.pieces, run.charset);
      text += decodeRaw(between);
    }
    run = { charset, pieces: [bytes] };
  }
  if (run !== null) text += decodeWords(run.pieces, run.charset);
  return text + decodeRaw(raw.slice(at));
}

function decodeWord(encoding: string, text: string): Uint8Array {
  if (encoding === "b" || encoding === "B") return decodeTransfer(bytesOf(text), "base64");
  return decodeTransfer(bytesOf(text.replaceAll("_", " ")), "quoted-printable");
}

/** Raw header text, which may be 8-bit. */
export function decodeRaw(raw: string): string {
  for (let at = 0; at < raw.length; at++) {
    const char = raw.charCodeAt(at);
    if (char > 127 || char === 0) return decodeCharset(bytesOf(raw), "");
  }
  return raw;
}

function isBlank(text: string): boolean {
  return /^[ \t\r\n]*$/.test(text);
}
