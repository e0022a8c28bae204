import { createHash } from "node:crypto";
import type { AccountId } from "../../domain/ids.ts";
import type { DirectoryStore, StoredToken, StoredUser } from "../../store/directory.ts";
import type { Clock } from "../runtime/clock.ts";
import type { UserChanges } from "./user-changes.ts";

const day = 86_400_000;
/** A token that is not used for so long is good no longer, and none is good for longer than this, milliseconds. */
const idleLife = 14 * day;
const longestLife = 180 * day;
/** So many of one user are good at a time; the oldest go first. */
const mostTokens = 100;
/** What a token stands for is remembered so long; a change on any node is heard of sooner. */
const rememberedFor = 30_000;
const mostRemembered = 10_000;

/**
 * Access tokens of users: 24 digits that name the user, 40 at random. Only their SHA-256 is kept, in the user's record,
 * and so they live and go with the user, whatever restarts.
 */
export class UserTokens {
  readonly #store: Pick<DirectoryStore, "userById">;
  readonly #changes: UserChanges;
  readonly #clock: Clock;
  readonly #randomHex: (bytes: number) => string;
  readonly #known = new Map<string, { owner: AccountId; until: number }>();
  /** How often all was forgotten: what was looked up before that is not remembered after it. */
  #forgotten = 0;

  constructor(parts: {
    store: Pick<DirectoryStore, "userById">;
    changes: UserChanges;
    clock: Clock;
    randomHex: (bytes: number) => string;
  }) {
    this.#store = parts.store;
    this.#changes = parts.changes;
    this.#clock = parts.clock;
    this.#randomHex = parts.randomHex;
  }

  /**
   * A new token of this user, who has shown the password of `passwordChange`; null where there is no such user, or that
   * password is good no longer.
   */
  async issue(user: AccountId, passwordChange: number): Promise<string | null> {
    const now = this.#clock.now();
    const token = `${user}${this.#randomHex(20)}`;
    const fresh: StoredToken = { hash: digest(token), created: now, expires: now + idleLife };
    const after = await this.#changes.change(user, (before) => {
      if (before.passwordChange !== passwordChange) return null;
      const others = this.#good(before).filter(({ hash }) => hash !== fresh.hash);
      return { tokens: [...others, fresh].slice(-mostTokens) };
    });
    return after?.tokens?.some(({ hash }) => hash === fresh.hash) ? token : null;
  }

  /** Whose token this is, where that was found out not long ago; null where it was not. */
  remembered(token: string): AccountId | null {
    const known = this.#known.get(digest(token));
    return known && known.until > this.#clock.monotonic() ? known.owner : null;
  }

  /** Whose token this is; null where it is none that is good, or its user may not come in. */
  async ownerOf(token: string): Promise<AccountId | null> {
    const remembered = this.remembered(token);
    if (remembered !== null) return remembered;
    const user = namedBy(token);
    if (user === null) return null;
    const wanted = digest(token);
    const forgotten = this.#forgotten;
    const stored = await this.#store.userById(user);
    const found = stored && this.#good(stored).find(({ hash }) => hash === wanted);
    if (!stored || !found || stored.disabled || stored.suspended) return null;
    if (forgotten === this.#forgotten) {
      if (this.#known.size >= mostRemembered) this.#known.clear();
      this.#known.set(wanted, { owner: user, until: this.#clock.monotonic() + rememberedFor });
    }
    await this.#prolong(user, found);
    return user;
  }

  /** Makes a token good no longer; false where it was not. */
  async revoke(token: string): Promise<boolean> {
    const user = namedBy(token);
    if (user === null) return false;
    const wanted = digest(token);
    let found = false;
    await this.#changes.change(user, (before) => {
      const tokens = this.#good(before);
      const others = tokens.filter(({ hash }) => hash !== wanted);
      if (others.length === tokens.length) return null;
      found = true;
      return { tokens: others };
    });
    this.forget();
    return found;
  }

  /** Looks everything up again. */
  forget(): void {
    this.#forgotten++;
    this.#known.clear();
  }

  /** One that is used lives on; written down once a day. */
  async #prolong(user: AccountId, { hash: used, created, expires }: StoredToken): Promise<void> {
    const until = Math.min(this.#clock.now() + idleLife, created + longestLife);
    if (until - expires < day) return;
    const prolonged = (token: StoredToken) => (token.hash === used ? { ...token, expires: until } : token);
    await this.#changes.change(user, (before) => {
      const tokens = this.#good(before);
      return tokens.some(({ hash }) => hash === used) ? { tokens: tokens.map(prolonged) } : null;
    });
  }

  #good({ tokens = [] }: StoredUser): readonly StoredToken[] {
    const now = this.#clock.now();
    return tokens.filter(({ expires }) => expires > now);
  }
}

const shape = /^[0-9a-f]{64}$/;

/** The user that a token names; null for what cannot be a token. */
export function namedBy(token: string): AccountId | null {
  return shape.test(token) ? (token.slice(0, 24) as AccountId) : null;
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
