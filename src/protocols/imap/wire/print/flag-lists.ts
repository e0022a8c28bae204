import type { Columns } from "../../../../actors/account/requests.ts";

/** In the order of the bits of `Columns.flags`. */
const systemFlags = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"];
/** All combinations of system flags without keywords, in octets: made once, kept for good. */
const plain: Uint8Array[] = [];
const plainRecent: Uint8Array[] = [];
for (let bits = 0; bits < 32; bits++) {
  plain.push(spell(bits, [], false));
  plainRecent.push(spell(bits, [], true));
}

/** The flag lists of some messages as octets, `(\Seen $Label1)`; each combination is spelled once. */
export class FlagLists {
  readonly #keywordSets: Columns["keywordSets"];
  readonly #spelled = new Map<number, Uint8Array>();
  readonly #spelledRecent = new Map<number, Uint8Array>();

  constructor(keywordSets: Columns["keywordSets"]) {
    this.#keywordSets = keywordSets;
  }

  /** Of one entry of `Columns.flags`. */
  of(packed: number, recent: boolean): Uint8Array {
    const keywords = this.#keywordSets[packed >>> 5];
    if (keywords === undefined || keywords.length === 0) return (recent ? plainRecent : plain)[packed & 31]!;
    const spelled = recent ? this.#spelledRecent : this.#spelled;
    let octets = spelled.get(packed);
    if (octets === undefined) {
      octets = spell(packed & 31, keywords, recent);
      spelled.set(packed, octets);
    }
    return octets;
  }
}

function spell(bits: number, keywords: readonly string[], recent: boolean): Uint8Array {
  const flags = systemFlags.filter((_, bit) => (bits & (1 << bit)) !== 0);
  return new TextEncoder().encode(`(${[...flags, ...keywords, ...(recent ? ["\\Recent"] : [])].join(" ")})`);
}
