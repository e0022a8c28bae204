import type { Flag } from "../../domain/account/events.ts";

/**
 * The keywords that a client has been told by FLAGS, and those it has yet to be told. They are those of the whole
 * account: a message may come from any mailbox of it by COPY, and nothing says at that moment which ones it brings.
 *
 * @see RFC 3501 §7.2.6 (FLAGS)
 */
export class ToldKeywords {
  #told: readonly Flag[];
  #fresh: readonly Flag[] = none;
  /** How many of the account's keyword sets have been looked at. Sets are added and never changed. */
  #sets = 0;

  constructor(told: readonly Flag[]) {
    this.#told = told.length === 0 ? none : told;
  }

  get told(): readonly Flag[] {
    return this.#told;
  }

  /** Takes in flags that somebody has set on a message of the account. */
  learn(flags: readonly Flag[]): void {
    const keywords = flags.filter((flag) => !flag.startsWith("\\"));
    if (keywords.length === 0) return;
    const known = new Set([...this.#told, ...this.#fresh].map(folded));
    const fresh: Flag[] = [];
    for (const keyword of keywords) {
      if (known.has(folded(keyword))) continue;
      known.add(folded(keyword));
      fresh.push(keyword);
    }
    if (fresh.length > 0) this.#fresh = [...this.#fresh, ...fresh];
  }

  /** Takes in the account's keyword sets: all there are, in their order. */
  learnSets(sets: readonly (readonly Flag[])[]): void {
    if (sets.length <= this.#sets) return;
    this.learn(sets.slice(this.#sets).flat());
    this.#sets = sets.length;
  }

  /** What is new is told now; answers whether anything is. */
  take(): boolean {
    if (this.#fresh.length === 0) return false;
    this.#told = [...this.#told, ...this.#fresh];
    this.#fresh = none;
    return true;
  }
}

/** What thousands of sessions have in common is kept once. */
const none: readonly Flag[] = [];

/** Letter case does not tell two keywords apart (RFC 9051 §2.3.2). */
function folded(keyword: Flag): string {
  return keyword.toLowerCase();
}
