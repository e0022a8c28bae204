import type { Letter } from "./letter.ts";

/** An INBOX as seen: what each message is called, whether its bytes are those of its name, and where it lies. */
export type SeenInbox = {
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly messages: ReadonlyMap<number, { readonly name: string; readonly ending: (length: number) => string }>;
};

/** What was delivered to one INBOX over any number of connections, and what its one POP3 client removed. */
export class DeliveryLedger {
  readonly #tried = new Map<string, string>();
  readonly #acknowledged = new Set<string>();
  readonly #removed = new Set<string>();
  /** What a QUIT was to remove whose answer never came. */
  #removing: readonly string[] = [];
  /** Where each message was seen first. */
  readonly #uids = new Map<string, number>();
  #uidValidity = 0;
  #uidNext = 1;
  removals = 0;
  readonly #position: () => number;
  /** When each was acknowledged, and each QUIT begun and answered, in the order of things that `position` counts. */
  readonly #delivered: { readonly name: string; readonly position: number }[] = [];
  readonly #quits: { readonly names: readonly string[]; readonly begun: number; ended: number | null }[] = [];

  constructor(position: () => number = () => 0) {
    this.#position = position;
  }

  /** The ledger as it was at `position`, when nothing had been settled yet. */
  at(position: number): DeliveryLedger {
    const then = new DeliveryLedger();
    for (const [name, text] of this.#tried) then.attempt({ name, text, hash: "" });
    for (const { name, position: acknowledged } of this.#delivered) {
      if (acknowledged <= position) then.delivered(name);
    }
    for (const { names, begun, ended } of this.#quits) {
      if (begun > position) break;
      then.remove(names);
      if (ended === null || ended > position) break;
      then.removed();
    }
    return then;
  }

  /** When each delivery and each removal was acknowledged. */
  get positions(): number[] {
    const removals = this.#quits.flatMap(({ ended }) => (ended === null ? [] : [ended]));
    return [...this.#delivered.map(({ position }) => position), ...removals];
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  get tried(): number {
    return this.#tried.size;
  }

  get removing(): boolean {
    return this.#removing.length > 0;
  }

  attempt({ name, text }: Letter): void {
    this.#tried.set(name, text);
  }

  delivered(name: string): void {
    this.#acknowledged.add(name);
    this.#delivered.push({ name, position: this.#position() });
  }

  textOf(name: string): string | undefined {
    return this.#tried.get(name);
  }

  remove(names: readonly string[]): void {
    this.#removing = names;
    this.#quits.push({ names, begun: this.#position(), ended: null });
  }

  removed(): void {
    const last = this.#quits.at(-1);
    if (last) last.ended ??= this.#position();
    for (const name of this.#removing) this.#removed.add(name);
    this.removals += this.#removing.length;
    this.#removing = [];
  }

  /** Every fault of the INBOX as it is now. */
  settle(seen: SeenInbox): string[] {
    const faults: string[] = [];
    if (this.#uidValidity !== 0 && seen.uidValidity !== this.#uidValidity) faults.push("UIDVALIDITY has changed");
    if (seen.uidNext < this.#uidNext) faults.push(`UIDNEXT was ${this.#uidNext} and is ${seen.uidNext}`);
    const there = new Map<string, number>();
    for (const [uid, { name, ending }] of seen.messages) {
      const text = this.#tried.get(name);
      const known = this.#uids.get(name);
      if (text === undefined) faults.push(`${name} (UID ${uid}) is there, and nobody sent it`);
      else if (ending(text.length) !== text) faults.push(`${name} (UID ${uid}) has other bytes`);
      if (there.has(name)) faults.push(`${name} is there twice: UIDs ${there.get(name)} and ${uid}`);
      if (known !== undefined && known !== uid) faults.push(`${name} was UID ${known} and is ${uid}`);
      if (known === undefined && uid < this.#uidNext) faults.push(`${name} appeared as ${uid}, below ${this.#uidNext}`);
      there.set(name, uid);
      this.#uids.set(name, uid);
    }
    const left = this.#removing.filter((name) => there.has(name));
    if (left.length > 0 && left.length < this.#removing.length) {
      faults.push(`of ${this.#removing.length} messages that one QUIT removes ${left.length} are left`);
    }
    if (left.length === 0) this.removed();
    this.#removing = [];
    for (const name of this.#acknowledged) {
      if (!there.has(name) && !this.#removed.has(name)) faults.push(`${name} was acknowledged and is missing`);
    }
    for (const name of this.#removed) if (there.has(name)) faults.push(`${name} was removed and is there again`);
    this.#uidValidity = seen.uidValidity;
    this.#uidNext = seen.uidNext;
    return faults;
  }
}
