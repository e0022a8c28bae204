import { intersection, type UidRuns } from "../../domain/account/uid-runs.ts";
import type { SearchCriteria } from "../../domain/search/criteria.ts";
import { uidsAt } from "./sequence-numbers.ts";
import type { View } from "./view.ts";
import { resolveSet } from "./wire/sequence-set.ts";
import type { SearchKey, SequenceSet } from "./wire/types.ts";

/**
 * What a search key asks of the account: message sets become UIDs by what the client has been told, and times become
 * moments. `now` is milliseconds since 1970.
 */
export function searchCriteria(key: SearchKey, view: View, now: number): SearchCriteria {
  switch (key.kind) {
    case "and":
    case "or":
      return { kind: key.kind, of: key.of.map((one) => searchCriteria(one, view, now)) };
    case "not":
      return { kind: "not", of: searchCriteria(key.of, view, now) };
    case "sequence":
      return { kind: "uids", uids: uidsAt(view.known, resolveSet(key.set, view.count)) };
    case "uids":
      return { kind: "uids", uids: knownOf(key.set, view) };
    case "recent":
      return { kind: "uids", uids: view.recent };
    case "older":
      return { kind: "arrived", is: "before", at: now - key.seconds * 1000 };
    case "younger":
      return { kind: "arrived", is: "since", at: now - key.seconds * 1000 };
    default:
      return key;
  }
}

function knownOf(set: SequenceSet, view: View): UidRuns {
  return intersection(resolveSet(set, view.top), view.known);
}
