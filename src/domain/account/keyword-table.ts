import { hashText } from "./checksum.ts";
import type { Flag } from "./events.ts";

/**
 * Every distinct set of keywords of an account, by index; index 0 is the empty set. A message's flags column names its
 * set, so any number of keywords costs a message nothing. Tables only grow: indexes stay valid in every later state.
 */
export class KeywordTable {
  /** How many of `#shared.sets` this table's owner knows of; what lies beyond belongs to later states. */
  readonly count: number;
  readonly #shared: Shared;

  private constructor(shared: Shared, count: number) {
    this.#shared = shared;
    this.count = count;
  }

  static readonly empty = new KeywordTable(
    { sets: [[]], hashes: [0], index: new Map([["", 0]]), spelling: new Map() },
    1,
  );

  static of(sets: readonly (readonly Flag[])[]): KeywordTable {
    let table = KeywordTable.empty.#fork();
    for (const set of sets.slice(1)) table = table.with(set).table;
    return table;
  }

  keywords(index: number): readonly Flag[] {
    return this.#shared.sets[index]!;
  }

  hash(index: number): number {
    return this.#shared.hashes[index]!;
  }

  sets(): readonly (readonly Flag[])[] {
    return this.#shared.sets.slice(0, this.count);
  }

  /** Every keyword ever set, in its first spelling. */
  names(): Flag[] {
    const names: Flag[] = [];
    for (const { name, since } of this.#shared.spelling.values()) if (since < this.count) names.push(name);
    return names;
  }

  /** The spelling the account already has for the keyword: letter case does not tell two apart (RFC 9051 §2.3.2). */
  spelling(keyword: Flag): Flag | undefined {
    const known = this.#shared.spelling.get(keyword.toLowerCase());
    return known && known.since < this.count ? known.name : undefined;
  }

  /** The index of the set of these keywords (any order, repeats allowed), and the table that holds it. */
  with(keywords: readonly Flag[]): { table: KeywordTable; index: number } {
    const bySpelling = new Map<string, Flag>();
    for (const keyword of keywords) {
      const lower = keyword.toLowerCase();
      if (!bySpelling.has(lower)) bySpelling.set(lower, this.spelling(keyword) ?? keyword);
    }
    const key = [...bySpelling.keys()].sort().join(" ");
    const known = this.#shared.index.get(key);
    if (known !== undefined && known < this.count) return { table: this, index: known };
    // Another state has grown the shared table past this one: grow a copy instead.
    const table = this.#shared.sets.length === this.count && this !== KeywordTable.empty ? this : this.#fork();
    return { table: table.#grow(key, bySpelling), index: this.count };
  }

  #grow(key: string, bySpelling: ReadonlyMap<string, Flag>): KeywordTable {
    const { sets, hashes, index, spelling } = this.#shared;
    index.set(key, this.count);
    sets.push([...bySpelling.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name));
    hashes.push(hashText(key));
    for (const [lower, name] of bySpelling) {
      const known = spelling.get(lower);
      if (!known || known.since >= this.count) spelling.set(lower, { name, since: this.count });
    }
    return new KeywordTable(this.#shared, this.count + 1);
  }

  #fork(): KeywordTable {
    const { sets, hashes, index, spelling } = this.#shared;
    const shared: Shared = {
      sets: sets.slice(0, this.count),
      hashes: hashes.slice(0, this.count),
      index: new Map([...index].filter(([, at]) => at < this.count)),
      spelling: new Map([...spelling].filter(([, { since }]) => since < this.count)),
    };
    return new KeywordTable(shared, this.count);
  }
}

type Shared = {
  readonly sets: (readonly Flag[])[];
  readonly hashes: number[];
  /** Lower-case keywords, sorted, joined by a space → index. */
  readonly index: Map<string, number>;
  readonly spelling: Map<string, { name: Flag; since: number }>;
};
