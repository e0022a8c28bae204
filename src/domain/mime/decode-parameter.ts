import type { Parameter } from "./anatomy.ts";
import { decodeCharset } from "./charset.ts";
import { decodeHeaderText } from "./encoded-words.ts";

/**
 * The Unicode value of a parameter, or null where there is none. Prefers the form with a charset (RFC 2231 §4); in the
 * plain form encoded words are decoded, which RFC 2047 §5 forbids and most mailers write.
 */
export function decodeParameter(params: readonly Parameter[], name: string): string | null {
  const extended = params.find((param) => param[0] === `${name}*`);
  if (extended !== undefined) return decodeExtended(extended[1]);
  const plain = params.find((param) => param[0] === name);
  return plain === undefined ? null : decodeHeaderText(plain[1]);
}

function decodeExtended(value: string): string {
  const match = /^([^']*)'[^']*'/.exec(value);
  const encoded = match === null ? value : value.slice(match[0].length);
  const bytes = encoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decodeCharset(Buffer.from(bytes, "latin1"), match?.[1] ?? "");
}
