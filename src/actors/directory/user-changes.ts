import type { AccountId } from "../../domain/ids.ts";
import { type DirectoryStore, type StoredChange, type StoredUser, versionOf } from "../../store/directory.ts";
import { StoreUnavailable } from "../../store/log.ts";
import { AccountTurns } from "../account/account-turns.ts";

/** Each conflict is somebody else's success. So many in a row on one user are no race but a fault. */
const mostConflicts = 200;

/**
 * Changes of users that compose: each is worked out from the user as it is, and written only if the user still is so.
 * On one node they take turns, and between nodes who comes second reads again; no change undoes another.
 */
export class UserChanges {
  readonly #store: Pick<DirectoryStore, "userById" | "updateUser">;
  readonly #turns = new AccountTurns();

  constructor(store: Pick<DirectoryStore, "userById" | "updateUser">) {
    this.#store = store;
  }

  /**
   * `changeOf` the user as it was read; it may be asked again, and null changes nothing. Answers the user as it is then;
   * null where there is none.
   *
   * @throws StoreUnavailable also where too many wait for their turn with this user
   */
  async change(id: AccountId, changeOf: (before: StoredUser) => StoredChange | null): Promise<StoredUser | null> {
    const changed = await this.#turns.take(id, async () => {
      for (let conflicts = 0; conflicts < mostConflicts; conflicts++) {
        const before = await this.#store.userById(id);
        const change = before && changeOf(before);
        if (!before || !change) return before;
        const version = versionOf(before);
        const answer = await this.#store.updateUser(id, version, change);
        if (answer === "noSuchUser") return null;
        if (answer === "changed") return { ...before, ...change, version: version + 1 };
      }
      throw new StoreUnavailable(`Cannot change user ${id}: it was another one at each of ${mostConflicts} attempts`);
    });
    if (changed === false) throw new StoreUnavailable(`Cannot change user ${id}: too many changes of it are waiting`);
    return changed;
  }
}
