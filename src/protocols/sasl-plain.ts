import { isUtf8 } from "node:buffer";

/**
 * Reads a SASL PLAIN message in base64: `[authzid] NUL authcid NUL passwd`. Null where it is malformed, or where one
 * user asks to act as another, which nobody may.
 *
 * @see RFC 4616 §2
 */
export function readSaslPlain(base64: string): { username: string; password: string } | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) return null;
  const bytes = Buffer.from(base64, "base64");
  if (!isUtf8(bytes)) return null;
  const parts = bytes.toString("utf8").split("\0");
  const [actingAs, username, password] = parts;
  if (parts.length !== 3 || !username || !password) return null;
  if (actingAs !== "" && actingAs !== username) return null;
  return { username, password };
}
