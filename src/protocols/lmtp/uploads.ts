import type { Accounts, Refused, Taken } from "../../actors/account/requests.ts";
import type { AccountId } from "../../domain/ids.ts";

/** How many accounts are sent the same piece at the same time: bounds what a message to many holds in memory. */
const atOnce = 8;

/** One message on its way, piece by piece, to every account that is to have it. An account that refuses is left out. */
export class Uploads {
  readonly #accounts: Accounts;
  readonly #name: string;
  readonly #refused = new Map<AccountId, Refused>();
  #open: AccountId[];
  #begun = false;

  constructor(accounts: Accounts, name: string, targets: readonly AccountId[]) {
    this.#accounts = accounts;
    this.#name = name;
    this.#open = [...targets];
  }

  get name(): string {
    return this.#name;
  }

  /** Why this account takes no more of the message; null while it does. */
  refusalOf(account: AccountId): Refused | null {
    return this.#refused.get(account) ?? null;
  }

  /** Sends a piece; resolves when every account has taken or refused it. `bytes` may be given away. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#begun) {
      this.#begun = true;
      await this.#toAll((account) => this.#accounts.ask(account, { kind: "uploadBegin", upload: this.#name }));
    }
    const last = this.#open[this.#open.length - 1];
    await this.#toAll((account) =>
      this.#accounts.ask(account, {
        kind: "uploadWrite",
        upload: this.#name,
        // A request's buffer may move to the account's thread, so each gets its own.
        bytes: account === last ? bytes : bytes.slice(),
      }),
    );
  }

  /** Forgets what was sent. */
  async abort(): Promise<void> {
    const open = this.#open;
    this.#open = [];
    if (!this.#begun) return;
    await Promise.all(open.map((account) => this.#accounts.ask(account, { kind: "uploadAbort", upload: this.#name })));
  }

  /** As `abort`, for one account that refused the message in the end. */
  async forget(account: AccountId): Promise<void> {
    await this.#accounts.ask(account, { kind: "uploadAbort", upload: this.#name }).catch(() => undefined);
  }

  async #toAll(send: (account: AccountId) => Promise<Taken>): Promise<void> {
    for (let at = 0; at < this.#open.length; at += atOnce) {
      const some = this.#open.slice(at, at + atOnce);
      const answers = await Promise.all(some.map(send));
      for (const [index, answer] of answers.entries()) if (!answer.ok) this.#refused.set(some[index]!, answer);
    }
    if (this.#refused.size > 0) this.#open = this.#open.filter((account) => !this.#refused.has(account));
  }
}
