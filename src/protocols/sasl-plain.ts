import { isUtf8 } from "node:buffer";

/**
 * Reads a SASL PLAIN message in base64: `[authzid] NUL authcid NUL passwd`. Null where it is malformed, or where one
 * user asks to act as another, which nobody may.
 *
 * @see RFC 4616 §2
 */
export function readSaslPlain(base64: string): { username: string; password: string } | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) return null;
  const message = plainMessage(Buffer.from(base64, "base64"));
  if (message === null) return null;
  const { actingAs, username, password } = message;
  return actingAs !== "" && actingAs !== username ? null : { username, password };
}

/** What a PLAIN message says, exactly; null where it is malformed. `actingAs` is empty where it is not somebody else. */
export function plainMessage(octets: Uint8Array): { actingAs: string; username: string; password: string } | null {
  // PLAIN knows only UTF-8, and guessing another charset would make other passwords of it.
  if (!isUtf8(octets)) return null;
  const [actingAs = "", username, password, ...more] = Buffer.from(octets).toString("utf8").split("\0");
  if (!username || !password || more.length > 0) return null;
  return { actingAs, username, password };
}
