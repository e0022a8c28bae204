import type { Account } from "../../domain/account/account.ts";
import { deciding } from "../../domain/account/decide.ts";
import type { AccountEvent, Transaction } from "../../domain/account/events.ts";
import { evolving } from "../../domain/account/evolve.ts";
import type { UidRuns } from "../../domain/account/uid-runs.ts";
import type { RequestId } from "../../domain/ids.ts";
import { refusedOutcome } from "./account-actor.ts";
import { materialise, type StagedMessage } from "./materialise.ts";
import type { RequestWindow } from "./request-window.ts";
import type { ChangeCommand, Outcome } from "./requests.ts";
import type { Surroundings } from "./surroundings.ts";

/** A wish that waits its turn; of each message that it brings, where the bytes are. */
export type Change = {
  readonly request: RequestId;
  readonly command: ChangeCommand;
  readonly staged: readonly (StagedMessage | undefined)[];
};

/** What would become of some changes if the next append succeeded: of the account, of the log, of each of them. */
export type Draft = {
  readonly state: Account;
  readonly transactions: readonly Transaction[];
  readonly bodies: readonly Uint8Array[];
  readonly outcomes: readonly Outcome[];
};

/**
 * Decides each change on the state that the one before it would leave. What has been done lately is not done again. Yields
 * between parts of a change of many messages, so that the neighbours of its account need not wait for all of it.
 */
export function* drafting(
  committed: Account,
  batch: readonly Change[],
  requests: RequestWindow,
  around: Surroundings,
): Generator<void, Draft> {
  let tentative = committed;
  const seq = committed.seq + 1;
  const transactions: Transaction[] = [];
  const bodies: Uint8Array[] = [];
  const outcomes: Outcome[] = [];
  const here = new Map<RequestId, Outcome>();
  for (const change of batch) {
    const { request } = change;
    const done = requests.find(request);
    const twin = here.get(request);
    if (done) outcomes.push({ ok: true, seq: done.seq, events: done.events, repeated: true });
    else if (twin?.ok) outcomes.push({ ...twin, repeated: true });
    else {
      const decided = yield* decideAll(tentative, change, bodies, seq, around);
      tentative = decided.state;
      const changed = decided.outcome.ok && decided.outcome.events.length > 0;
      if (changed && decided.outcome.ok) transactions.push({ request, events: decided.outcome.events });
      const outcome = decided.outcome.ok && !changed ? { ...decided.outcome, seq: committed.seq } : decided.outcome;
      outcomes.push(outcome);
      here.set(request, outcome);
    }
  }
  return { state: { ...tentative, seq }, transactions, bodies, outcomes };
}

/** One request's commands, all or nothing. */
function* decideAll(
  state: Account,
  { command, staged }: Change,
  bodies: Uint8Array[],
  seq: number,
  around: Surroundings,
): Generator<void, { state: Account; outcome: Outcome }> {
  const before = bodies.length;
  let next = state;
  const events: AccountEvent[] = [];
  let modified: UidRuns | undefined;
  for (const [at, single] of singles(command).entries()) {
    const ruling = yield* deciding(next, materialise(single, staged[at], bodies, around), around.limits.holding);
    if (ruling.verdict === "refused") {
      bodies.length = before;
      return { state, outcome: refusedOutcome(ruling.refusal) };
    }
    modified ??= ruling.modified;
    for (const event of ruling.events) {
      next = yield* evolving(next, event, seq);
      events.push(event);
    }
  }
  return { state: next, outcome: modified ? { ok: true, seq, events, modified } : { ok: true, seq, events } };
}

/** The commands of a change, in order, without nesting. */
export function singles(command: ChangeCommand): readonly Exclude<ChangeCommand, { kind: "batch" }>[] {
  return command.kind === "batch" ? command.commands.flatMap(singles) : [command];
}
