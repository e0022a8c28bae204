import type { Account } from "../../domain/account/account.ts";
import type { Chunk } from "../../domain/account/chunk.ts";
import { eachDeparted } from "../../domain/account/departed-mail.ts";
import { livingAmong } from "../../domain/account/living-messages.ts";
import { messageAt } from "../../domain/account/message-ids.ts";
import type { MailboxId, MessageId } from "../../domain/ids.ts";
import type { ContentReader, Reader } from "./content-reader.ts";
import type { Departed } from "./departed.ts";
import { readRange } from "./message-bytes.ts";
import { placeSize } from "./message-place.ts";
import { listed } from "./read-messages.ts";
import type { AccountRequests, DepartedList, DepartedSummaries } from "./requests.ts";

/** A departure: `number` names it, `at` says when it was, milliseconds since 1970. */
export type Departure = {
  readonly number: number;
  readonly mailbox: MailboxId;
  readonly uid: number;
  readonly size: number;
  readonly at: number;
  readonly chunk: Chunk;
  readonly row: number;
};

/**
 * What can be brought back, in the order it departed: of each message that the account has nowhere any more, the last
 * departure, if it was not before `since`. A copy that was expunged after it had been filed elsewhere is not among them.
 */
export function departures(account: Account, departed: Departed, since: number): Departure[] {
  const last = new Map<MessageId, Departure>();
  for (const mailbox of account.departed.mailboxes.keys()) {
    eachDeparted(account.departed, mailbox, (chunk, row) => {
      const { fixed, marks } = chunk;
      const message = messageAt(chunk, row);
      const number = fixed.created[row]!;
      if ((last.get(message)?.number ?? 0) > number) return;
      const at = departed.timeOf(marks.modseq[row]!);
      last.set(message, { number, mailbox, uid: fixed.uid[row]!, size: fixed.size[row]!, at, chunk, row });
    });
  }
  for (const message of livingAmong(account, last.keys())) last.delete(message);
  return [...last.values()].filter(({ at }) => at >= since).sort((a, b) => a.number - b.number);
}

/** Mailboxes that were deleted since, whether or not something was in them, and that no mailbox of that name replaces. */
export function deletedMailboxes(account: Account, departed: Departed, since: number): DepartedList["deleted"] {
  return [...account.departed.mailboxes.values()].flatMap(({ mailbox, deleted }) => {
    if (!deleted || account.paths.has(deleted.path)) return [];
    const { path, specialUse, seq } = deleted;
    const at = departed.timeOf(seq);
    return at >= since ? [{ id: mailbox, path, specialUse, at }] : [];
  });
}

/** Where what departed from a mailbox goes back to: where that mailbox is now, or was when it was deleted. */
export function homeOf(account: Account, mailbox: MailboxId): string {
  const there = account.mailboxes.get(mailbox);
  return there?.path ?? account.departed.mailboxes.get(mailbox)?.deleted?.path ?? "INBOX";
}

export function listDeparted(account: Account, departed: Departed, since: number): DepartedList {
  const found = departures(account, departed, since);
  const mailboxes = [...new Set(found.map(({ mailbox }) => mailbox))];
  const index = new Map(mailboxes.map((mailbox, at) => [mailbox, at]));
  return {
    ok: true,
    seq: account.seq,
    mailboxes: mailboxes.map((id) => ({ id, path: homeOf(account, id), exists: account.mailboxes.has(id) })),
    deleted: deletedMailboxes(account, departed, since),
    numbers: Uint32Array.from(found, ({ number }) => number),
    from: Uint32Array.from(found, ({ mailbox }) => index.get(mailbox)!),
    times: Float64Array.from(found, ({ at }) => at),
    sizes: Uint32Array.from(found, ({ size }) => size),
  };
}

const headerLimit = 64 * 1024;

/** Messages that departed, as lists show them; those that cannot be brought back any more are left out. */
export async function readDeparted(
  content: ContentReader,
  reader: Reader,
  departed: Departed,
  { numbers, headers, since }: AccountRequests["readDeparted"]["ask"],
): Promise<DepartedSummaries> {
  const { state } = reader;
  const wanted = new Map(numbers.map((number, at) => [number, at]));
  const found = departures(state, departed, since).filter(({ number }) => wanted.has(number));
  found.sort((a, b) => wanted.get(a.number)! - wanted.get(b.number)!);
  const rows = found.map(({ chunk, row, uid, size }) => ({ chunk, at: row, uid, size }));
  const records = await content.fields(reader, rows, ["summary"]);
  const places = headers ? await content.places(reader, rows) : [];
  const messages: DepartedSummaries["messages"][number][] = [];
  for (const [n, { number, mailbox, at }] of found.entries()) {
    const place = places[n];
    messages.push({
      ...listed(state, rows[n]!, records[n]!.summary),
      number,
      mailbox,
      path: homeOf(state, mailbox),
      departed: at,
      ...(place
        ? { head: await readRange(content.stores, reader.id, place, 0, Math.min(placeSize(place), headerLimit)) }
        : {}),
    });
  }
  return { ok: true, seq: state.seq, messages };
}
