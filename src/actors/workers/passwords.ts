import { pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { bcryptOctets, hashFault, isBcrypt, ownHash, type Pbkdf2, pbkdf2Of } from "../../domain/password-hash.ts";

const derive = promisify(pbkdf2);

/** A PHC string (Argon2id). */
export async function hashPassword(password: string): Promise<string> {
  return Bun.password.hash(password, ownHash);
}

/**
 * Checks a password against a PHC string: Argon2, bcrypt, and WildDuck's PBKDF2
 * (`$pbkdf2-sha256$i=100000$salt$hash`, with sha1 and sha512 too). Of passwords over 72 octets bcrypt hashes know the
 * first 72. A hash of another kind, or one that costs too much, matches nothing.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  if (hashFault(hash) !== null) return false;
  const pbkdf2 = pbkdf2Of(hash);
  if (pbkdf2) return verifyPbkdf2(password, pbkdf2);
  try {
    if (!isBcrypt(hash)) return await Bun.password.verify(password, hash);
    const octets = Buffer.from(password);
    if (await Bun.password.verify(octets.subarray(0, bcryptOctets), hash)) return true;
    // Bun's own bcrypt hashes of longer passwords are of the password's SHA-512.
    return octets.length > bcryptOctets && (await Bun.password.verify(octets, hash));
  } catch {
    return false;
  }
}

async function verifyPbkdf2(password: string, { digest, iterations, salt, key }: Pbkdf2): Promise<boolean> {
  const expected = decode(key);
  const derived = await derive(password, decode(salt), iterations, expected.length, digest);
  return expected.length > 0 && timingSafeEqual(derived, expected);
}

/** Base64 with "." for "+" is how some libraries write PHC strings. */
function decode(text: string): Buffer {
  return Buffer.from(text.replaceAll(".", "+"), "base64");
}
