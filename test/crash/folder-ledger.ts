import { applied, difference, type Effect, type Folders } from "./folder-model.ts";

/** What one client did to folders that are its alone: what was acknowledged, and the one change that may be in doubt. */
export class FolderLedger {
  folders: Folders = new Map();
  #doubt: Effect | null = null;
  acknowledged = 0;
  doubts = 0;
  /** Of the changes in doubt, those that turned out to have happened. */
  kept = 0;

  get inDoubt(): boolean {
    return this.#doubt !== null;
  }

  /** To be called before the command goes out: until it is acknowledged or refused, it may have happened. */
  attempt(effect: Effect): void {
    if (this.#doubt) throw new Error(`${effect.what} begun while ${this.#doubt.what} is in doubt`);
    this.#doubt = effect;
  }

  acknowledge(told: { uids?: readonly number[]; uidValidity?: number } = {}): void {
    this.folders = applied(this.folders, this.#doubt!, told);
    this.#doubt = null;
    this.acknowledged++;
  }

  /** Refused for good: nothing has changed. */
  refused(): void {
    this.#doubt = null;
  }

  /** Holds what is seen against the ledger, and learns from it what became of the change in doubt. */
  settle(seen: Folders): string | null {
    const without = difference(seen, this.folders, null);
    const effect = this.#doubt;
    if (effect !== null) this.doubts++;
    if (without !== null) {
      if (effect === null) return without;
      const withIt = difference(seen, this.folders, effect);
      if (withIt !== null) return `in doubt was ${effect.what}; without it: ${without}; with it: ${withIt}`;
      this.kept++;
    }
    this.#doubt = null;
    this.folders = seen;
    return null;
  }
}
