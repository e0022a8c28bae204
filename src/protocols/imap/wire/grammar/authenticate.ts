import { SP } from "../characters.ts";
import { asciiOf, type Cursor } from "../cursor.ts";
import type { AuthenticateRequest } from "../types.ts";
import { atom } from "./strings.ts";

/** auth-type [SP initial-resp] ; initial-resp = base64 / "=" (RFC 4959 §7) */
export function authenticateRequest(cursor: Cursor): AuthenticateRequest {
  const mechanism = atom(cursor).toUpperCase();
  if (cursor.atEnd) return { mechanism, initial: null };
  cursor.take(SP, "space");
  const from = cursor.at;
  const text = asciiOf(cursor.bytes, from, cursor.bytes.length);
  cursor.at = cursor.bytes.length;
  const initial = text === "=" ? new Uint8Array(0) : text === "" ? null : decodeBase64(text);
  if (initial === null) throw cursor.expected("base64", from);
  return { mechanism, initial };
}

/**
 * A line of the SASL exchange, as `nextLine` brings it: the octets, or "cancel" for `*` (RFC 3501 §6.2.2), or null
 * where it is not base64.
 */
export function authenticationLine(line: Uint8Array): Uint8Array | "cancel" | null {
  const text = asciiOf(line, 0, line.length);
  return text === "*" ? "cancel" : decodeBase64(text);
}

/** base64 = *(4base64-char) [base64-terminal] */
function decodeBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
