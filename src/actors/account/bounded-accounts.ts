import type { Refusal } from "../../domain/account/refusal.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { AccountRequestKind, AccountRequests, Accounts, AnswerTo, ChangeCommand, Watcher } from "./requests.ts";

export type ChangeBounds = {
  /** Changes under way at one time, of all accounts together. */
  readonly changes: number;
  /** Octets of the messages in them. */
  readonly bytes: number;
};

/**
 * Accounts that are asked for so much at one time and no more, whoever asks: a change too many is refused as busy before
 * any account hears of it. Reads are not counted; they wait for nobody.
 */
export class BoundedAccounts implements Accounts {
  readonly #accounts: Accounts;
  readonly #bounds: ChangeBounds;
  #changes = 0;
  #bytes = 0;

  constructor(accounts: Accounts, bounds: ChangeBounds) {
    this.#accounts = accounts;
    this.#bounds = bounds;
  }

  /** Changes under way, and their octets. */
  get underWay(): { readonly changes: number; readonly bytes: number } {
    return { changes: this.#changes, bytes: this.#bytes };
  }

  async ask<K extends AccountRequestKind>(
    account: AccountId,
    request: { kind: K } & AccountRequests[K]["ask"],
  ): Promise<AnswerTo<K>> {
    if (request.kind !== "change") return this.#accounts.ask(account, request);
    const bytes = bytesOf((request as AccountRequests["change"]["ask"]).command);
    const tooMany = this.#changes >= this.#bounds.changes;
    if (tooMany || (this.#changes > 0 && this.#bytes + bytes > this.#bounds.bytes)) {
      const refusal: Refusal = { kind: "busy", why: "too many changes are under way" };
      return { ok: false, refusal } as AnswerTo<K>;
    }
    this.#changes++;
    this.#bytes += bytes;
    try {
      return await this.#accounts.ask(account, request);
    } finally {
      this.#changes--;
      this.#bytes -= bytes;
    }
  }

  watch(account: AccountId, watcher: Watcher): () => void {
    return this.#accounts.watch(account, watcher);
  }

  /** The same accounts, for one kind of client: `refused` hears why something was not done for it. */
  seenBy(refused: (refusal: Refusal) => void): Accounts {
    return {
      ask: async (account, request) => {
        const answer = await this.ask(account, request);
        if (typeof answer === "object" && answer !== null && "refusal" in answer) refused(answer.refusal);
        return answer;
      },
      watch: (account, watcher) => this.watch(account, watcher),
    };
  }
}

function bytesOf(command: ChangeCommand): number {
  if (command.kind === "batch") return command.commands.reduce((bytes, each) => bytes + bytesOf(each), 0);
  return command.kind === "append" && command.source.kind === "bytes" ? command.source.bytes.length : 0;
}
