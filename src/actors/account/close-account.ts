import type { Account } from "../../domain/account/account.ts";
import type { RequestId } from "../../domain/ids.ts";
import { type AccountActor, refusedOutcome } from "./account-actor.ts";
import { packBase } from "./bases.ts";
import { nothingLoaded } from "./loaded.ts";
import type { Refused } from "./requests.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Closes an account for ever, by an entry in its log: no node, and no request that is still on its way, can add to it
 * afterwards. Null where it is closed, or was never opened; else why it could not be.
 */
export async function closeAccount(actor: AccountActor): Promise<Refused | null> {
  if (actor.state.seq === 0) return null;
  const outcome = await actor.change(`close:${actor.id}` as RequestId, { kind: "closeAccount" }, [undefined]);
  if (outcome.ok || outcome.refusal.kind === "noSuchAccount") return null;
  return refusedOutcome(outcome.refusal);
}

/**
 * Lets everything of a closed account go but the entry that closed it, with a base that stands for the rest. May be cut
 * short anywhere and done again.
 */
export async function clearAccount({ id, seq, closed }: Account, around: Surroundings): Promise<void> {
  const { clock, newId, stores } = around;
  if (closed) {
    const nothing = nothingLoaded(id);
    const loaded = { ...nothing, account: { ...nothing.account, seq, closed } };
    await stores.log.saveBase(packBase(loaded, clock.now(), newId()));
    await stores.log.drop(id, seq);
  }
  await stores.state.drop(id);
  await stores.blobs.drop(id);
}
