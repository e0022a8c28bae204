/**
 * What a password hash says of itself: its kind, and what checking a password against it costs. Whoever brings hashes
 * from elsewhere decides how long a worker is busy with each guess at them, so there are bounds: about a second and
 * 256 MB, well beyond what anybody recommends.
 */

/** bcrypt does 2^cost rounds. */
const mostBcryptCost = 14;
/** Argon2: KiB, and KiB times passes. */
const mostMemory = 256 * 1024;
const mostPasses = 1024 * 1024;
const mostLanes = 16;
/** PBKDF2: iterations for all blocks of the key together. OWASP recommends 1,300,000 for one block of SHA-1. */
const mostIterations = 2_000_000;

/** OWASP's smallest Argon2id setting that is recommended: 19 MiB, two passes. */
export const ownHash = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** bcrypt sees no more of a password: whoever makes a hash of a longer one cuts it here, within a character too. */
export const bcryptOctets = 72;

const argon2Shape = /^\$(argon2(?:id|i|d))\$(?:v=\d{1,3}\$)?m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,5})\$[^$\s]+\$[^$\s]+$/;
const bcryptShape = /^\$2[abxy]?\$(\d\d)\$\S+$/;
const pbkdf2Shape = /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$i=(\d{1,10})\$([A-Za-z0-9+/.]+)=*\$([A-Za-z0-9+/.]+)=*$/;
const digestOctets = { sha1: 20, sha256: 32, sha512: 64 } as const;

export type Pbkdf2 = {
  readonly digest: keyof typeof digestOctets;
  readonly iterations: number;
  /** Base64, perhaps with "." for "+", as some libraries write PHC strings. */
  readonly salt: string;
  readonly key: string;
};

/** WildDuck's PBKDF2 (`$pbkdf2-sha256$i=100000$salt$hash`, with sha1 and sha512 too); null: it is another kind. */
export function pbkdf2Of(hash: string): Pbkdf2 | null {
  const parts = pbkdf2Shape.exec(hash);
  if (!parts) return null;
  const [, digest = "sha1", iterations, salt, key] = parts;
  return { digest: digest as Pbkdf2["digest"], iterations: Number(iterations), salt: salt!, key: key! };
}

export const isBcrypt = (hash: string): boolean => bcryptShape.test(hash);

/** Why no password is checked against this hash; null: it is one that can be, at a bounded cost. */
export function hashFault(hash: string): "unknown" | "costly" | null {
  const argon2 = argon2Shape.exec(hash);
  if (argon2) {
    const [memory, passes, lanes] = argon2.slice(2).map(Number) as [number, number, number];
    return memory > mostMemory || memory * passes > mostPasses || lanes > mostLanes ? "costly" : null;
  }
  const bcrypt = bcryptShape.exec(hash);
  if (bcrypt) return Number(bcrypt[1]) > mostBcryptCost ? "costly" : null;
  const pbkdf2 = pbkdf2Of(hash);
  if (!pbkdf2) return "unknown";
  const blocks = Math.ceil((pbkdf2.key.length * 3) / 4 / digestOctets[pbkdf2.digest]);
  return pbkdf2.iterations * blocks > mostIterations ? "costly" : null;
}

/** Whether a hash is weaker than our own, or of another kind: the next time the password is known it is made anew. */
export function isOutdated(hash: string): boolean {
  const argon2 = argon2Shape.exec(hash);
  if (!argon2) return true;
  const [memory, passes] = argon2.slice(2).map(Number) as [number, number];
  const { algorithm, memoryCost, timeCost } = ownHash;
  return argon2[1] !== algorithm || memory < memoryCost || memory * passes < memoryCost * timeCost;
}
