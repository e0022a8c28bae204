import { isUtf8 } from "node:buffer";

/** What a PLAIN message says, exactly. null: it is not UTF-8, which no name and no password is that is known here. */
export type PlainMessage = {
  /** Empty where it is nobody else. */
  readonly actingAs: string | null;
  readonly username: string | null;
  readonly password: string | null;
};

/**
 * Reads a SASL PLAIN message in base64: `[authzid] NUL authcid NUL passwd`. Null where it is malformed, or where one
 * user asks to act as another, which nobody may.
 *
 * @see RFC 4616 §2
 */
export function readSaslPlain(base64: string): Pick<PlainMessage, "username" | "password"> | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) return null;
  const message = plainMessage(Buffer.from(base64, "base64"));
  if (message === null) return null;
  const { actingAs, username, password } = message;
  return actingAs !== "" && actingAs !== username ? null : { username, password };
}

/** What a PLAIN message says; null where it is malformed. */
export function plainMessage(octets: Uint8Array): PlainMessage | null {
  const parts = partsOf(Buffer.from(octets));
  if (parts.length !== 3 || parts[1]!.length === 0 || parts[2]!.length === 0) return null;
  const [actingAs, username, password] = parts.map(utf8);
  return { actingAs: actingAs!, username: username!, password: password! };
}

/** The octets between NULs. */
function partsOf(octets: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let end = octets.indexOf(0); end >= 0; end = octets.indexOf(0, from)) {
    parts.push(octets.subarray(from, end));
    from = end + 1;
  }
  return [...parts, octets.subarray(from)];
}

// PLAIN knows only UTF-8, and guessing another charset would make other passwords of it.
function utf8(octets: Buffer): string | null {
  return isUtf8(octets) ? octets.toString("utf8") : null;
}
