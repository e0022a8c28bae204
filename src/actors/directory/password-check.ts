import { createHmac } from "node:crypto";
import { bcryptOctets, isBcrypt, isOutdated } from "../../domain/password-hash.ts";
import type { Logger } from "../../operation/logger.ts";
import type { StoredUser } from "../../store/directory.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Cpu } from "../workers/cpu.ts";
import type { UserChanges } from "./user-changes.ts";

/** A password found right is not worked out again so soon: clients open several connections. */
const verifiedFor = 300_000;
const mostVerified = 10_000;

export type PasswordCheckParts = {
  readonly cpu: Pick<Cpu, "hashPassword" | "verifyPassword">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly randomHex: (bytes: number) => string;
  readonly changes: UserChanges;
};

/** Whether a password is a user's. What was found right is remembered for a while, by a proof that only this process can make. */
export class PasswordCheck {
  readonly #parts: PasswordCheckParts;
  /** HMACs of user, hash and password → until when. The key never leaves the process. */
  readonly #verified = new Map<string, number>();
  readonly #key: string;
  #dummyHash: Promise<string> | null = null;

  constructor(parts: PasswordCheckParts) {
    this.#parts = parts;
    this.#key = parts.randomHex(32);
  }

  /** The password was found right not long ago. */
  isProven(user: StoredUser | null, password: string): boolean {
    const until = user ? this.#verified.get(this.#proof(user, password)) : undefined;
    return until !== undefined && until > this.#parts.clock.monotonic();
  }

  #proof(user: StoredUser, password: string): string {
    return createHmac("sha256", this.#key).update(`${user.id}\0${user.passwordHash}\0${password}`).digest("base64");
  }

  /** Works as long for a user that is not there as for one that is. */
  async verify(user: StoredUser | null, password: string): Promise<boolean> {
    const { clock, cpu } = this.#parts;
    if (!user || user.passwordHash === "") {
      this.#dummyHash ??= cpu.hashPassword(this.#key).catch((error) => {
        this.#dummyHash = null;
        throw error;
      });
      await cpu.verifyPassword(password, await this.#dummyHash);
      return false;
    }
    const right = await cpu.verifyPassword(password, user.passwordHash);
    if (right) {
      if (this.#verified.size >= mostVerified) this.#verified.clear();
      const kept = await this.#hashedAnew(user, password);
      this.#verified.set(this.#proof(kept, password), clock.monotonic() + verifiedFor);
    }
    return right;
  }

  /** The user with a hash of our own, now that the password is known, where it has one that is weaker or from elsewhere. */
  async #hashedAnew(user: StoredUser, password: string): Promise<StoredUser> {
    const { passwordHash: old } = user;
    // bcrypt has seen no more than 72 octets: what follows may be anything, and must not become the password.
    const unseen = isBcrypt(old) && Buffer.byteLength(password) > bcryptOctets;
    if (!isOutdated(old) || unseen) return user;
    try {
      const passwordHash = await this.#parts.cpu.hashPassword(password);
      const changed = await this.#parts.changes.change(user.id, (now) =>
        now.passwordHash === old ? { passwordHash } : null,
      );
      return changed ?? user;
    } catch (err) {
      // The old one is as good as it was, and the next login tries again.
      this.#parts.logger.warn({ err, user: user.username }, "Cannot keep a new hash of a password");
      return user;
    }
  }
}
