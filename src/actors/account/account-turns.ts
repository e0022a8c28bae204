import type { AccountId } from "../../domain/ids.ts";
import { Turns } from "../runtime/turns.ts";

/** How many may wait for their turn with one account. */
const mostWaiting = 50;

/** Long work, of which one account gets no more than one at a time; what many ask for at once has to wait. */
export class AccountTurns {
  readonly #accounts = new Map<AccountId, { turns: Turns; inside: number }>();

  /** What `work` answers; false where too many wait already. */
  async take<T>(account: AccountId, work: () => Promise<T>): Promise<T | false> {
    const known = this.#accounts.get(account) ?? { turns: new Turns(1), inside: 0 };
    if (known.inside > mostWaiting) return false;
    this.#accounts.set(account, known);
    known.inside++;
    try {
      return await known.turns.take(work);
    } finally {
      if (--known.inside === 0) this.#accounts.delete(account);
    }
  }
}
