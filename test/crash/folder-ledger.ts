import { applied, difference, type Effect, type Folders } from "./folder-model.ts";

type Told = { readonly uids?: readonly number[]; readonly uidValidity?: number };

/** What one client did to folders that are its alone: what was acknowledged, and the one change that may be in doubt. */
export class FolderLedger {
  folders: Folders = new Map();
  #doubt: Effect | null = null;
  /** Every change, and when it was acknowledged, in the order of things that `position` counts. */
  readonly #history: { readonly effect: Effect; told: Told | null; position: number }[] = [];
  readonly #position: () => number;
  acknowledged = 0;
  doubts = 0;
  /** Of the changes in doubt, those that turned out to have happened. */
  kept = 0;

  constructor(position: () => number = () => 0) {
    this.#position = position;
  }

  /** The ledger as it was at `position`, when nothing had been settled yet. */
  at(position: number): FolderLedger {
    const then = new FolderLedger();
    for (const { effect, told, position: acknowledged } of this.#history) {
      then.attempt(effect);
      if (told === null || acknowledged > position) break;
      then.acknowledge(told);
    }
    return then;
  }

  /** When each change was acknowledged. */
  get positions(): number[] {
    return this.#history.filter(({ told }) => told !== null).map(({ position }) => position);
  }

  get inDoubt(): boolean {
    return this.#doubt !== null;
  }

  /** To be called before the command goes out: until it is acknowledged or refused, it may have happened. */
  attempt(effect: Effect): void {
    if (this.#doubt) throw new Error(`${effect.what} begun while ${this.#doubt.what} is in doubt`);
    this.#doubt = effect;
    this.#history.push({ effect, told: null, position: 0 });
  }

  acknowledge(told: Told = {}): void {
    const last = this.#history.at(-1)!;
    last.told = told;
    last.position = this.#position();
    this.folders = applied(this.folders, this.#doubt!, told);
    this.#doubt = null;
    this.acknowledged++;
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
