import { intersection, type UidRuns } from "../../domain/account/uid-runs.ts";
import type { SearchCriteria } from "../../domain/search/criteria.ts";
import { uidsAt } from "./sequence-numbers.ts";
import type { View } from "./view.ts";
import { resolveSet } from "./wire/sequence-set.ts";
import type { SearchKey, SequenceSet } from "./wire/types.ts";
import { BeyondLimit } from "./wire/wire-syntax-error.ts";

/**
 * Message sets in one search: so many in any mailbox, and more where all that they are looked for in stays below so
 * many runs of UIDs. Clients send one or two.
 */
const setsAlways = 8;
const mostRuns = 500_000;

/**
 * What a search key asks of the account: message sets become UIDs by what the client has been told, and times become
 * moments. `now` is milliseconds since 1970.
 *
 * @throws BeyondLimit for more message sets than can be looked up in a mailbox with so many gaps
 */
export function searchCriteria(key: SearchKey, view: SearchedView, now: number): SearchCriteria {
  let sets = 0;
  /** Another set, or the messages that are \Recent, which may be as many. */
  const countSet = (): void => {
    sets++;
    const most = Math.max(setsAlways, Math.floor(mostRuns / Math.max(1, view.known.length / 2)));
    if (sets > most) throw new BeyondLimit(`${most} sets of messages in a search of this mailbox`, 0);
  };
  const criteria = (one: SearchKey): SearchCriteria => {
    switch (one.kind) {
      case "and":
      case "or":
        return { kind: one.kind, of: one.of.map(criteria) };
      case "not":
        return { kind: "not", of: criteria(one.of) };
      case "sequence":
        countSet();
        return { kind: "uids", uids: uidsAt(view.known, resolveSet(one.set, view.count)) };
      case "uids":
        countSet();
        return { kind: "uids", uids: knownOf(one.set, view) };
      case "recent":
        countSet();
        return { kind: "uids", uids: view.recent };
      case "older":
        return { kind: "arrived", is: "before", at: now - one.seconds * 1000 };
      case "younger":
        return { kind: "arrived", is: "since", at: now - one.seconds * 1000 };
      default:
        return one;
    }
  };
  return criteria(key);
}

type SearchedView = Pick<View, "known" | "count" | "top" | "recent">;

function knownOf(set: SequenceSet, view: SearchedView): UidRuns {
  return intersection(resolveSet(set, view.top), view.known);
}
