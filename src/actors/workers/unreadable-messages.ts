import { nameOf } from "./reading-turns.ts";

/** How long a message is not tried again, milliseconds. */
const remembered = 600_000;
const mostRemembered = 1_000;
/** After so many such messages within that time, an account's others are not tried either. */
const mostOfAccount = 2;

/**
 * Messages that workers did not come back from, and accounts that have several of them: whoever sends a hundred, each a
 * little different, costs others no more than who sends two.
 */
export class UnreadableMessages {
  readonly #messages = new Map<string, number>();
  readonly #accounts = new Map<string, { count: number; until: number }>();
  readonly #now: () => number;

  /** `now`: milliseconds, which only go forward. */
  constructor(now: () => number) {
    this.#now = now;
  }

  has(message: Uint8Array, whose: string): boolean {
    const now = this.#now();
    const account = this.#accounts.get(whose);
    if (account && account.until > now && account.count >= mostOfAccount) return true;
    // Who has seen none has nothing to compare with.
    return this.#messages.size > 0 && (this.#messages.get(nameOf(message)) ?? 0) > now;
  }

  /** The message of this name is not to be tried again for a while. */
  add(name: string): void {
    if (this.#messages.size >= mostRemembered) this.#messages.clear();
    this.#messages.set(name, this.#now() + remembered);
  }

  /** This account has read one. */
  blame(whose: string): void {
    const now = this.#now();
    const known = this.#accounts.get(whose);
    const count = known && known.until > now ? known.count + 1 : 1;
    if (this.#accounts.size >= mostRemembered) this.#accounts.clear();
    this.#accounts.set(whose, { count, until: now + remembered });
  }
}
