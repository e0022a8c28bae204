import { expect, test } from "bun:test";
import { hashFault, isOutdated } from "./password-hash.ts";

const argon2 = (params: string, kind = "argon2id") => `$${kind}$v=19$${params}$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo`;
const bcrypt = (cost: string) => `$2b$${cost}$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe`;
const pbkdf2 = (iterations: number, digest = "-sha256", key = "aGFzaA") =>
  `$pbkdf2${digest}$i=${iterations}$c2FsdA$${key}`;

test("hashes as they are made elsewhere can be checked", () => {
  for (const hash of [
    argon2("m=19456,t=2,p=1"),
    argon2("m=65536,t=3,p=4"),
    argon2("m=47104,t=1,p=1", "argon2i"),
    bcrypt("04"),
    bcrypt("12"),
    bcrypt("14"),
    pbkdf2(100_000),
    pbkdf2(1_300_000, "-sha1"),
    pbkdf2(100_000, ""),
  ])
    expect([hash, hashFault(hash)]).toEqual([hash, null]);
});

test("what would keep a worker busy for long, or take its memory, cannot", () => {
  for (const hash of [
    argon2("m=4194304,t=1,p=1"),
    argon2("m=65536,t=1000,p=1"),
    argon2("m=9999999999,t=9999999999,p=1"),
    argon2("m=19456,t=2,p=255"),
    bcrypt("15"),
    bcrypt("31"),
    pbkdf2(99_999_999),
    pbkdf2(200_000, "-sha1", "A".repeat(1000)),
  ])
    expect([hash, hashFault(hash)]).toEqual([hash, "costly"]);
});

test("what is no hash is said to be none", () => {
  for (const hash of ["", "secret", "$1$salt$hash", "$2b$4$short", "$argon2id$", "$argon2id$v=19$m=1$a$b", "$6$a$b"])
    expect([hash, hashFault(hash)]).toEqual([hash, "unknown"]);
});

test("what is weaker than our own or of another kind is outdated", () => {
  expect(isOutdated(argon2("m=19456,t=2,p=1"))).toBe(false);
  expect(isOutdated(argon2("m=65536,t=3,p=4"))).toBe(false);
  for (const hash of [argon2("m=4096,t=3,p=1"), argon2("m=65536,t=3,p=4", "argon2i"), bcrypt("12"), pbkdf2(100_000)])
    expect([hash, isOutdated(hash)]).toEqual([hash, true]);
});
