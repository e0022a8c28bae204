import type { AccountEvent } from "./events.ts";
import type { Refusal } from "./refusal.ts";
import type { UidRuns } from "./uid-runs.ts";

/** What `decide` says: the events that make the wish true (none where it already is), or why not. */
export type Ruling =
  | {
      readonly verdict: "accepted";
      readonly events: readonly AccountEvent[];
      /** UIDs that UNCHANGEDSINCE left out. */
      readonly modified?: UidRuns;
    }
  | { readonly verdict: "refused"; readonly refusal: Refusal };

export function accepted(events: readonly AccountEvent[], modified?: UidRuns): Ruling {
  return modified === undefined ? { verdict: "accepted", events } : { verdict: "accepted", events, modified };
}

export function refused(refusal: Refusal): Ruling {
  return { verdict: "refused", refusal };
}
