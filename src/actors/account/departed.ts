import type { Account } from "../../domain/account/account.ts";
import { maxUid } from "../../domain/account/account.ts";
import { messageIdBytes } from "../../domain/account/chunk.ts";
import type { AccountEvent } from "../../domain/account/events.ts";
import { idText } from "../../domain/account/evolve.ts";
import { eachRow } from "../../domain/account/rows.ts";
import type { AccountId, MessageId } from "../../domain/ids.ts";
import type { BlobReference } from "../../store/blobs.ts";
import type { Stores } from "../../store/stores.ts";
import { unpackPlace } from "./message-place.ts";

/**
 * Messages that were expunged somewhere, and when: once nothing can bring them back, and no copy of them is left, their
 * records and their references to blobs go too. A blob without a reference is swept a day later.
 */
export class Departed {
  readonly #since = new Map<MessageId, number>();

  static unpack(packed: readonly [MessageId, number][] = []): Departed {
    const departed = new Departed();
    for (const [message, at] of packed) departed.#since.set(message, at);
    return departed;
  }

  pack(): readonly [MessageId, number][] {
    return [...this.#since];
  }

  /** `before`: the account as it was before these events, of an entry made at `at`. */
  note(before: Account, events: readonly AccountEvent[], at: number): void {
    for (const event of events) {
      if (event.kind !== "expunged" && event.kind !== "mailboxDeleted") continue;
      const mailbox = before.mailboxes.get(event.mailbox);
      const uids = event.kind === "expunged" ? event.uids : [1, maxUid];
      if (mailbox) {
        eachRow(mailbox, uids, ({ fixed }, row) => {
          this.#since.set(idText(fixed.message, row * messageIdBytes) as MessageId, at);
        });
      }
    }
  }

  /** Those that departed before `before` and of which the account has no copy any more. The others are forgotten: they live. */
  due(account: Account, before: number): MessageId[] {
    const due = new Set<MessageId>();
    for (const [message, at] of this.#since) if (at < before) due.add(message);
    if (due.size === 0) return [];
    // The last four bytes count up, so they tell nearly all ids apart without making text of every row's.
    const endings = new Set([...due].map((message) => Number.parseInt(message.slice(-8), 16)));
    for (const mailbox of account.mailboxes.values()) {
      for (const { fixed, length } of mailbox.chunks) {
        const view = new DataView(fixed.message.buffer, fixed.message.byteOffset);
        for (let row = 0; row < length; row++) {
          if (!endings.has(view.getUint32(row * messageIdBytes + 8))) continue;
          const message = idText(fixed.message, row * messageIdBytes) as MessageId;
          if (due.delete(message)) this.#since.delete(message);
        }
      }
    }
    return [...due];
  }

  forget(messages: readonly MessageId[]): void {
    for (const message of messages) this.#since.delete(message);
  }

  get size(): number {
    return this.#since.size;
  }
}

const atOnce = 500;

/** Lets go of messages that are due: their references first, so that a crash leaves a record too many, never one too few. */
export async function release(stores: Stores, account: AccountId, due: readonly MessageId[]): Promise<void> {
  for (let from = 0; from < due.length; from += atOnce) {
    const some = due.slice(from, from + atOnce);
    const records = await stores.state.loadMessages(account, some, ["place"]);
    const references = records.flatMap((record, n): BlobReference[] =>
      (record ? unpackPlace(record.place) : []).flatMap((piece) =>
        piece.kind === "blob" ? [{ blob: piece.blob, account, message: some[n]! }] : [],
      ),
    );
    if (references.length > 0) await stores.blobs.unreference(references);
    await stores.state.deleteMessages(account, some);
  }
}
