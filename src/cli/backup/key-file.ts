import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { NoKey, publicKey, signingKey } from "../../backup/signature.ts";
import { CommandFailure } from "../failure.ts";

/** Reads the key that backups are signed with. */
export function readSigningKey(file: string): KeyObject {
  return readKey(file, signingKey, "make one with `openssl genpkey -algorithm ed25519 -out FILE`");
}

/** Reads the key that their signatures are held against. */
export function readPublicKey(file: string): KeyObject {
  return readKey(file, publicKey, "make one of the private key with `openssl pkey -in KEYFILE -pubout -out FILE`");
}

function readKey(file: string, read: (pem: string) => KeyObject, todo: string): KeyObject {
  try {
    return read(readFileSync(file, "utf8"));
  } catch (error) {
    const { message, syscall } = error as NodeJS.ErrnoException;
    if (error instanceof NoKey || syscall !== undefined)
      throw new CommandFailure(`The key in ${file} cannot be used`, message, todo);
    throw error;
  }
}
