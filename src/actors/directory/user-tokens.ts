import { createHash } from "node:crypto";
import type { AccountId } from "../../domain/ids.ts";
import type { DirectoryStore, StoredToken, StoredUser } from "../../store/directory.ts";
import { AccountTurns } from "../account/account-turns.ts";
import type { Clock } from "../runtime/clock.ts";

const day = 86_400_000;
/** A token that is not used for so long is good no longer, and none is good for longer than this, milliseconds. */
const idleLife = 14 * day;
const longestLife = 180 * day;
/** So many of one user are good at a time; the oldest go first. */
const mostTokens = 100;
/** What a token stands for is remembered so long; a change on any node is heard of sooner. */
const rememberedFor = 30_000;
const mostRemembered = 10_000;
/** Another node may write a user's tokens at the same time: what was written is looked for, and written again. */
const mostAttempts = 3;

/**
 * Access tokens of users: 24 digits that name the user, 40 at random. Only their SHA-256 is kept, in the user's record,
 * and so they live and go with the user, whatever restarts.
 */
export class UserTokens {
  readonly #store: Pick<DirectoryStore, "userById" | "updateUser">;
  readonly #clock: Clock;
  readonly #randomHex: (bytes: number) => string;
  readonly #turns = new AccountTurns();
  readonly #known = new Map<string, { owner: AccountId; until: number }>();

  constructor(parts: {
    store: Pick<DirectoryStore, "userById" | "updateUser">;
    clock: Clock;
    randomHex: (bytes: number) => string;
  }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#randomHex = parts.randomHex;
  }

  /** A new token of this user; null where there is no such user. */
  async issue(user: AccountId): Promise<string | null> {
    const now = this.#clock.now();
    const token = `${user}${this.#randomHex(20)}`;
    const fresh: StoredToken = { hash: digest(token), created: now, expires: now + idleLife };
    const issued = await this.#change(
      user,
      (tokens) => [...tokens, fresh].slice(-mostTokens),
      (tokens) => tokens.some(({ hash }) => hash === fresh.hash),
    );
    return issued ? token : null;
  }

  /** Whose token this is; null where it is none that is good, or its user may not come in. */
  async ownerOf(token: string): Promise<AccountId | null> {
    const user = userIn(token);
    if (user === null) return null;
    const wanted = digest(token);
    const known = this.#known.get(wanted);
    if (known && known.until > this.#clock.monotonic()) return known.owner;
    const stored = await this.#store.userById(user);
    const found = stored && this.#good(stored).find(({ hash }) => hash === wanted);
    if (!stored || !found || stored.disabled || stored.suspended) return null;
    if (this.#known.size >= mostRemembered) this.#known.clear();
    this.#known.set(wanted, { owner: user, until: this.#clock.monotonic() + rememberedFor });
    await this.#prolong(user, found);
    return user;
  }

  /** Makes a token good no longer; false where it was not. */
  async revoke(token: string): Promise<boolean> {
    const user = userIn(token);
    if (user === null) return false;
    const wanted = digest(token);
    this.#known.delete(wanted);
    let found = false;
    await this.#change(
      user,
      (tokens) => {
        found ||= tokens.some(({ hash }) => hash === wanted);
        return tokens.filter(({ hash }) => hash !== wanted);
      },
      (tokens) => tokens.every(({ hash }) => hash !== wanted),
    );
    return found;
  }

  /** Looks everything up again. */
  forget(): void {
    this.#known.clear();
  }

  /** One that is used lives on; written down once a day. */
  async #prolong(user: AccountId, { hash: used, created, expires }: StoredToken): Promise<void> {
    const until = Math.min(this.#clock.now() + idleLife, created + longestLife);
    if (until - expires < day) return;
    const prolonged = (token: StoredToken) => (token.hash === used ? { ...token, expires: until } : token);
    await this.#change(
      user,
      (tokens) => tokens.map(prolonged),
      () => true,
    );
  }

  #good({ tokens = [] }: StoredUser): readonly StoredToken[] {
    const now = this.#clock.now();
    return tokens.filter(({ expires }) => expires > now);
  }

  async #change(
    user: AccountId,
    change: (tokens: readonly StoredToken[]) => readonly StoredToken[],
    done: (tokens: readonly StoredToken[]) => boolean,
  ): Promise<boolean> {
    return this.#turns.take(user, async () => {
      for (let attempt = 0; attempt < mostAttempts; attempt++) {
        const before = await this.#store.userById(user);
        if (!before) return false;
        await this.#store.updateUser(user, { tokens: change(this.#good(before)) });
        const after = await this.#store.userById(user);
        if (after && done(after.tokens ?? [])) return true;
      }
      return false;
    });
  }
}

const shape = /^[0-9a-f]{64}$/;

function userIn(token: string): AccountId | null {
  return shape.test(token) ? (token.slice(0, 24) as AccountId) : null;
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
