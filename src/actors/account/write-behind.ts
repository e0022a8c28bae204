import type { Account } from "../../domain/account/account.ts";
import { PartNames } from "../../domain/account/snapshot.ts";
import type { MessageId, RequestId } from "../../domain/ids.ts";
import { SnapshotIncomplete } from "../../store/state.ts";
import type { AccountActor } from "./account-actor.ts";
import type { ContentReader, Reader } from "./content-reader.ts";
import { release } from "./departed.ts";
import { BytesMissing } from "./message-bytes.ts";
import { snapshotOf } from "./snapshots.ts";
import type { Surroundings } from "./surroundings.ts";

/** Writes the records of messages that have none yet. */
export async function writeRecords(actor: AccountActor, content: ContentReader): Promise<void> {
  const { id, state, unrecorded } = actor;
  const reader = { id, state, unrecorded, recorded: (messages: Iterable<MessageId>) => actor.recorded(messages) };
  const due = [...unrecorded.keys()];
  for (let from = 0; from < due.length; from += 200) {
    // Some may have been described meanwhile, because somebody asked for them.
    const some = due.slice(from, from + 200).filter((message) => unrecorded.has(message));
    try {
      if (some.length > 0) await content.describe(reader, some, "surely");
    } catch (error) {
      if (!(error instanceof BytesMissing)) throw error;
      await oneByOne(actor, content, reader, some);
    }
  }
}

/** One of them cannot be read: the others must not wait for it. What was expunged long ago may well be gone. */
async function oneByOne(actor: AccountActor, content: ContentReader, reader: Reader, messages: readonly MessageId[]) {
  for (const message of messages) {
    try {
      await content.describe(reader, [message], "surely");
    } catch (error) {
      if (!(error instanceof BytesMissing)) throw error;
      actor.recorded([message]);
    }
  }
}

/**
 * Writes what the log has made of an account: the records of its new messages first, then a snapshot, so that a
 * snapshot never speaks of a message that has no record. May lag by any amount and be cut short anywhere: the log has
 * it all.
 */
export async function writeBehind(actor: AccountActor, content: ContentReader, around: Surroundings): Promise<void> {
  await writeRecords(actor, content);
  await forgetOld(actor, around);
  const { state } = actor;
  await writeRecords(actor, content);
  const due = actor.departed.due(state);
  await release(around.stores, actor.id, due, (message) => actor.unrecorded.get(message)?.place);
  actor.departed.gone(due);
  try {
    await save(actor, state, around);
  } catch (error) {
    if (!(error instanceof SnapshotIncomplete)) throw error;
    // Another node's snapshot has replaced ours and its parts: this one brings all of its own.
    actor.parts = new PartNames();
    await save(actor, state, around);
  }
}

/** What departed longer ago than it is kept for is forgotten: from then on it cannot be brought back, on any node. */
async function forgetOld(actor: AccountActor, { clock, limits }: Surroundings): Promise<void> {
  const through = actor.departed.oldest(clock.now() - limits.retention);
  if (through === 0) return;
  const outcome = await actor.change(`forget ${through}` as RequestId, { kind: "forget", through }, [undefined]);
  if (outcome.ok && outcome.events.length === 0) actor.departed.settled(through);
}

async function save(actor: AccountActor, state: Account, around: Surroundings): Promise<void> {
  const { snapshot, stored } = snapshotOf(state, actor, around.newId());
  const { count } = actor.claimed;
  await around.stores.state.saveSnapshot(snapshot);
  stored();
  actor.claimed.saved(count);
  actor.snapshotSeq = state.seq;
}
