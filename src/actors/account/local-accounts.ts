import type { AccountId } from "../../domain/ids.ts";
import type { AccountRequestKind, AccountRequests, Accounts, Announcement, AnswerTo, Watcher } from "./requests.ts";
import type { Shard } from "./shard.ts";
import type { Listener } from "./watches.ts";

/** Who of this thread watches which account. */
export class Watchers implements Listener {
  readonly #watchers = new Map<AccountId, Set<Watcher>>();

  /** True where it is the account's first. */
  add(account: AccountId, watcher: Watcher): boolean {
    const known = this.#watchers.get(account);
    if (known) {
      known.add(watcher);
      return false;
    }
    this.#watchers.set(account, new Set([watcher]));
    return true;
  }

  /** True where nobody is left. */
  remove(account: AccountId, watcher: Watcher): boolean {
    const known = this.#watchers.get(account);
    if (!known?.delete(watcher) || known.size > 0) return false;
    this.#watchers.delete(account);
    return true;
  }

  announced(announcement: Announcement): void {
    for (const watcher of this.#watchers.get(announcement.account) ?? []) watcher.announced(announcement);
  }

  lagged(account: AccountId): void {
    for (const watcher of this.#watchers.get(account) ?? []) watcher.lagged(account);
  }

  accounts(): AccountId[] {
    return [...this.#watchers.keys()];
  }
}

/** Accounts of one shard in this very thread: for tests, tools and simulation. */
export class LocalAccounts implements Accounts {
  readonly #shard: Shard;
  readonly #watchers: Watchers;

  constructor(shard: Shard, watchers: Watchers) {
    this.#shard = shard;
    this.#watchers = watchers;
  }

  ask<K extends AccountRequestKind>(
    account: AccountId,
    request: { kind: K } & AccountRequests[K]["ask"],
  ): Promise<AnswerTo<K>> {
    return this.#shard.ask(account, request as never) as Promise<AnswerTo<K>>;
  }

  watch(account: AccountId, watcher: Watcher): () => void {
    if (this.#watchers.add(account, watcher)) this.#shard.watch(account);
    return () => {
      if (this.#watchers.remove(account, watcher)) this.#shard.unwatch(account);
    };
  }
}
