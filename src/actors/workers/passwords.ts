import { pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);

/** OWASP's smallest Argon2id setting that is recommended: 19 MiB, two passes. */
const argon2id = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** A PHC string (Argon2id). */
export async function hashPassword(password: string): Promise<string> {
  return Bun.password.hash(password, argon2id);
}

/**
 * Checks a password against a PHC string: Argon2, bcrypt, and WildDuck's PBKDF2
 * (`$pbkdf2-sha256$i=100000$salt$hash`, with sha1 and sha512 too). Of passwords over 72 octets bcrypt hashes know the
 * first 72. A hash of another kind matches nothing.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  if (hash.startsWith("$pbkdf2")) return verifyPbkdf2(password, hash);
  try {
    if (!/^\$2[abxy]?\$/.test(hash)) return await Bun.password.verify(password, hash);
    const octets = Buffer.from(password);
    if (await Bun.password.verify(octets.subarray(0, bcryptOctets), hash)) return true;
    // Bun's own bcrypt hashes of longer passwords are of the password's SHA-512.
    return octets.length > bcryptOctets && (await Bun.password.verify(octets, hash));
  } catch {
    return false;
  }
}

/** bcrypt sees no more of a password: whoever makes a hash of a longer one cuts it here, within a character too. */
const bcryptOctets = 72;

const pbkdf2Shape = /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$i=(\d{1,8})\$([A-Za-z0-9+/.]+)=*\$([A-Za-z0-9+/.]+)=*$/;

async function verifyPbkdf2(password: string, hash: string): Promise<boolean> {
  const parts = pbkdf2Shape.exec(hash);
  if (!parts) return false;
  const [, digest = "sha1", iterations, salt, key] = parts;
  const expected = decode(key!);
  const derived = await derive(password, decode(salt!), Number(iterations), expected.length, digest);
  return expected.length > 0 && timingSafeEqual(derived, expected);
}

/** Base64 with "." for "+" is how some libraries write PHC strings. */
function decode(text: string): Buffer {
  return Buffer.from(text.replaceAll(".", "+"), "base64");
}
