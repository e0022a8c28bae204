import type { Account } from "../../domain/account/account.ts";
import { departedMessages, eachDeparted } from "../../domain/account/departed-mail.ts";
import type { AccountEvent } from "../../domain/account/events.ts";
import { livingAmong } from "../../domain/account/living-messages.ts";
import { messageAt } from "../../domain/account/message-ids.ts";
import type { AccountId, MessageId } from "../../domain/ids.ts";
import type { BlobReference } from "../../store/blobs.ts";
import type { BodyPlace } from "../../store/log.ts";
import type { Stores } from "../../store/stores.ts";
import { type Place, unpackPlace } from "./message-place.ts";

/**
 * What the state does not say of departed mail: when each entry was made in which something departed, and what has been
 * forgotten and is still to be let go of. A message is let go of only after the log says that it is forgotten: from then
 * on nobody can bring it back, on whatever node.
 */
export class Departed {
  /** By seq, ascending: milliseconds since 1970. */
  readonly #times = new Map<number, number>();
  readonly #forgotten = new Set<MessageId>();

  static unpack(packed: PackedDeparted): Departed {
    const departed = new Departed();
    for (const [seq, at] of packed.times) departed.#times.set(seq, at);
    for (const message of packed.forgotten) departed.#forgotten.add(message);
    return departed;
  }

  pack(): PackedDeparted {
    return { times: [...this.#times], forgotten: [...this.#forgotten] };
  }

  /** `before`: the account as it was before the entry `seq` with these events, which was made at `at`. */
  note(before: Account, events: readonly AccountEvent[], { seq, at }: { seq: number; at: number }): void {
    for (const event of events) {
      if (event.kind === "expunged" || event.kind === "mailboxDeleted") this.#times.set(seq, at);
      else if (event.kind === "forgotten") this.#forget(before, event.through);
    }
  }

  #forget(before: Account, through: number): void {
    for (const mailbox of before.departed.mailboxes.keys()) {
      eachDeparted(before.departed, mailbox, (chunk, at) => {
        if (chunk.marks.modseq[at]! > through) return;
        this.#forgotten.add(messageAt(chunk, at));
      });
    }
    this.settled(through);
  }

  /** When the entry was made in which something departed. */
  timeOf(seq: number): number {
    return this.#times.get(seq) ?? 0;
  }

  /** The seq up to which everything departed before `before`; 0: there is nothing so old. */
  oldest(before: number): number {
    let through = 0;
    for (const [seq, at] of this.#times) {
      if (at >= before) break;
      through = seq;
    }
    return through;
  }

  /** Nothing is left of what departed up to `through`: all of it was brought back. */
  settled(through: number): void {
    for (const seq of this.#times.keys()) if (seq <= through) this.#times.delete(seq);
  }

  /** Those forgotten that the account has no more, neither in a mailbox nor among what departed later. */
  due(account: Account): readonly MessageId[] {
    if (this.#forgotten.size === 0) return [];
    for (const message of livingAmong(account, this.#forgotten)) this.#forgotten.delete(message);
    for (const message of departedMessages(account.departed)) this.#forgotten.delete(message);
    return [...this.#forgotten];
  }

  /** They have been let go of. */
  gone(messages: readonly MessageId[]): void {
    for (const message of messages) this.#forgotten.delete(message);
  }
}

export type PackedDeparted = {
  readonly times: readonly (readonly [seq: number, at: number])[];
  readonly forgotten: readonly MessageId[];
};

const atOnce = 500;

/**
 * Lets go of messages that are due: their references and bodies first, so that a crash leaves a record too many, never
 * one too few. `placeOf`: where those are that have no record.
 */
export async function release(
  stores: Stores,
  account: AccountId,
  due: readonly MessageId[],
  placeOf: (message: MessageId) => Place | undefined,
): Promise<void> {
  for (let from = 0; from < due.length; from += atOnce) {
    const some = due.slice(from, from + atOnce);
    const records = await stores.state.loadMessages(account, some, ["place"]);
    const references: BlobReference[] = [];
    const bodies: BodyPlace[] = [];
    for (const [n, message] of some.entries()) {
      const record = records[n];
      for (const piece of record ? unpackPlace(record.place) : (placeOf(message) ?? [])) {
        if (piece.kind === "blob") references.push({ blob: piece.blob, account, message });
        else if (piece.kind === "inline") bodies.push({ seq: piece.seq, index: piece.index });
      }
    }
    if (references.length > 0) await stores.blobs.unreference(references);
    if (bodies.length > 0) await stores.log.dropBodies(account, bodies);
    await stores.state.deleteMessages(account, some);
  }
}
