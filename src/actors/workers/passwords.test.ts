import { describe, expect, test } from "bun:test";
import { hashPassword, verifyPassword } from "./passwords.ts";

/** Made by crypt(3) of libxcrypt: password, hash. */
const fromElsewhere = [
  ["a".repeat(80), "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe"],
  [`x${"é".repeat(40)}`, "$2y$04$abcdefghijklmnopqrstuunt1F6iRePqdLv.sStq15vGl7/EUVfPO"],
  ["correct horse ".repeat(6), "$2a$04$......................Rk88Jh4lbWtqj1.1nlV/6.sHC/XIFkS"],
  ["b".repeat(72), "$2b$04$abcdefghijklmnopqrstuuUJf9qAIqFFWObw4K4AvdtuO.PaE5J/W"],
  ["b".repeat(71), "$2b$04$abcdefghijklmnopqrstuuuAgxTOiYE9y5Y7jFlc2Tw8osm4Rtc5W"],
] as const;

describe("verifyPassword", () => {
  test("checks bcrypt hashes as their makers do: by the first 72 octets, within a character too", async () => {
    for (const [password, hash] of fromElsewhere) {
      expect(await verifyPassword(password, hash)).toBe(true);
      expect(await verifyPassword(`y${password.slice(1)}`, hash)).toBe(false);
      const octets = Buffer.from(password);
      expect(await verifyPassword(`${password}more`, hash)).toBe(octets.length >= 72);
      if (octets.length > 72) continue;
      expect(await verifyPassword(password.slice(0, -1), hash)).toBe(false);
    }
  });

  test("takes long passwords whole where the maker of the hash did", async () => {
    const password = "long ".repeat(20);
    const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
    expect(await verifyPassword(password, hash)).toBe(true);
    expect(await verifyPassword(`${password}more`, hash)).toBe(false);
    expect(await verifyPassword(password.slice(0, 72), hash)).toBe(false);
  });

  test("takes NUL for an octet like any other", async () => {
    const hash = await Bun.password.hash("a\0b", { algorithm: "bcrypt", cost: 4 });
    expect(await verifyPassword("a\0b", hash)).toBe(true);
    for (const wrong of ["a", "a\0", "a\0c", "a\0b\0"]) expect(await verifyPassword(wrong, hash)).toBe(false);
  });

  test("our own hashes are of the whole password, whatever its length", async () => {
    const password = "p".repeat(200);
    const hash = await hashPassword(password);
    expect(hash).toStartWith("$argon2id$");
    expect(await verifyPassword(password, hash)).toBe(true);
    expect(await verifyPassword(password.slice(0, 199), hash)).toBe(false);
    expect(await verifyPassword(password.slice(0, 72), hash)).toBe(false);
  });

  test("a hash of another kind matches nothing", async () => {
    for (const hash of ["", "secret", "$1$salt$hash", "$2b$04$short", "$2z$04$abcdefghijklmnopqrstuu", "$argon2id$"])
      expect(await verifyPassword("secret", hash)).toBe(false);
  });
});
