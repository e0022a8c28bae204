import type { Parameter, Part } from "./anatomy.ts";
import { bytesOf } from "./binary-string.ts";
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

/**
 * The name of the file that a part is, by its disposition or else by its type; null where it has none.
 *
 * @see RFC 2183 §2.3
 */
export function fileNameOf({ disposition, params }: Pick<Part, "disposition" | "params">): string | null {
  return decodeParameter(disposition?.params ?? [], "filename") ?? decodeParameter(params, "name");
}

/**
 * The octets of a parameter as a binary string, or null where there is none: what its charset makes of them is left
 * aside, for values that are compared with octets. Prefers the form of RFC 2231, as decodeParameter.
 */
export function parameterOctets(params: readonly Parameter[], name: string): string | null {
  const extended = params.find((param) => param[0] === `${name}*`);
  if (extended !== undefined) return divided(extended[1]).octets;
  return params.find((param) => param[0] === name)?.[1] ?? null;
}

function decodeExtended(value: string): string {
  const { charset, octets } = divided(value);
  return decodeCharset(bytesOf(octets), charset);
}

/** `charset'language'percent-encoded` (RFC 2231 §4); without apostrophes all of it is the value. */
function divided(value: string): { charset: string; octets: string } {
  const match = /^([^']*)'[^']*'/.exec(value);
  const encoded = match === null ? value : value.slice(match[0].length);
  const octets = encoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return { charset: match?.[1] ?? "", octets };
}
