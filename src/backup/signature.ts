import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** Who vouches for a manifest: the SHA-256 of the public key (DER), in hex, and the Ed25519 signature, in Base64. */
export type Signature = { readonly key: string; readonly value: string };

/** What was given is no key of the kind that is needed. */
export class NoKey extends Error {
  override readonly name = "NoKey";
}

/** The backup is not signed, or not by the key that it should be. */
export class NotSigned extends Error {
  override readonly name = "NotSigned";
}

/** A private key to sign with. `pem`: PKCS #8. Throws `NoKey`. */
export function signingKey(pem: string): KeyObject {
  return ed25519(() => createPrivateKey(pem), "private");
}

/** A public key to hold signatures against. `pem`: SubjectPublicKeyInfo; the private key has it, too. Throws `NoKey`. */
export function publicKey(pem: string): KeyObject {
  return ed25519(() => createPublicKey(pem), "public");
}

/** Signs the text of a manifest (RFC 8032). */
export function signatureOf(text: string, key: KeyObject): Signature {
  return { key: fingerprint(createPublicKey(key)), value: sign(null, signedBytes(text), key).toString("base64") };
}

/** Throws `NotSigned` unless `signature` is that of the owner of `key` (private or public) under `text`. */
export function mustBeSigned(text: string, signature: Signature | null, key: KeyObject): void {
  const wanted = key.type === "private" ? createPublicKey(key) : key;
  if (signature === null) throw new NotSigned("the backup is not signed");
  if (signature.key !== fingerprint(wanted))
    throw new NotSigned(`the backup is signed by another key (${signature.key.slice(0, 16)}…)`);
  if (!verify(null, signedBytes(text), wanted, Buffer.from(signature.value, "base64")))
    throw new NotSigned("the backup's signature is not that of what the backup says");
}

/** So that the signature of something else, made with the same key, is never taken for a manifest's. */
function signedBytes(text: string): Buffer {
  return Buffer.from(`Eider backup manifest\n${text}`);
}

function fingerprint(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}

function ed25519(read: () => KeyObject, kind: "private" | "public"): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (cause) {
    throw new NoKey(`there is no ${kind} key in PEM form without a password in it`, { cause });
  }
  if (key.asymmetricKeyType !== "ed25519")
    throw new NoKey(`the key in it is no Ed25519 key but ${key.asymmetricKeyType}`);
  return key;
}
