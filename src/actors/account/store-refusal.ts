import type { Refusal } from "../../domain/account/refusal.ts";
import type { StoreUnavailable } from "../../store/log.ts";

/** What the store's exception means to who asked for something. */
export function storeRefusal(error: StoreUnavailable): Refusal {
  return error.full ? { kind: "storeFull" } : { kind: "unavailable", why: "the store is unavailable" };
}
