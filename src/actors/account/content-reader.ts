import type { Account } from "../../domain/account/account.ts";
import type { Chunk } from "../../domain/account/chunk.ts";
import { messageAt } from "../../domain/account/message-ids.ts";
import { eachRow, firstChunkReaching } from "../../domain/account/rows.ts";
import { difference, runOf, type UidRuns } from "../../domain/account/uid-runs.ts";
import type { AccountId, MessageId } from "../../domain/ids.ts";
import type { Anatomy } from "../../domain/mime/anatomy.ts";
import { opaqueDescription } from "../../domain/mime/description.ts";
import { StoreUnavailable } from "../../store/log.ts";
import type { MessageField, StoredMessage } from "../../store/state.ts";
import { TimeSlices } from "../runtime/time-slices.ts";
import { AccountTurns } from "./account-turns.ts";
import { FieldCache } from "./field-cache.ts";
import type { Unrecorded } from "./loaded.ts";
import { readWhole } from "./message-bytes.ts";
import { type Place, packPlace, placeSize, unpackPlace } from "./message-place.ts";
import type { Surroundings } from "./surroundings.ts";

/** One message of a mailbox, by its place in the columns. */
export type MessageRow = { readonly chunk: Chunk; readonly at: number; readonly uid: number; readonly size: number };

/** The account's part in reading: its committed state and what it knows of messages without a record. */
export type Reader = {
  readonly id: AccountId;
  readonly state: Account;
  readonly unrecorded: ReadonlyMap<MessageId, Unrecorded>;
  recorded(messages: Iterable<MessageId>): void;
};

/** An actor as it is at this moment: a read that takes a while stays with one state. */
export function readerOf(actor: Reader): Reader {
  const { id, state, unrecorded } = actor;
  return { id, state, unrecorded, recorded: (messages) => actor.recorded(messages) };
}

/**
 * Reads what belongs to messages: the fields of their records and their bytes. One for each shard, so that all its
 * accounts share one cache. A message without a record yet is described on the spot, and its record written.
 */
export class ContentReader {
  readonly #around: Surroundings;
  readonly #cache: FieldCache;
  readonly slices: TimeSlices;
  readonly searches = new AccountTurns();
  /** Messages being described at the moment: who else asks for one of them waits for the same. */
  readonly #describing = new Map<string, Promise<StoredMessage>>();

  constructor(around: Surroundings, cacheBytes: number) {
    this.#around = around;
    this.slices = new TimeSlices(around.clock);
    this.#cache = new FieldCache(cacheBytes);
  }

  /** The wanted fields of each row, in order. */
  async fields<F extends MessageField>(
    reader: Reader,
    rows: readonly MessageRow[],
    fields: readonly F[],
  ): Promise<readonly Record<F, Uint8Array>[]> {
    if (fields.length === 0) return rows.map(() => ({}) as Record<F, Uint8Array>);
    const found: (Record<F, Uint8Array> | undefined)[] = [];
    const missing: number[] = [];
    for (let r = 0; r < rows.length; r++) {
      const { chunk, at } = rows[r]!;
      const record = {} as Record<F, Uint8Array>;
      let whole = true;
      for (const field of fields) {
        const bytes = this.#cache.get(chunk, at, field);
        if (bytes) record[field] = bytes;
        else whole = false;
      }
      if (whole) found[r] = record;
      else missing.push(r);
    }
    if (missing.length > 0) await this.#load(reader, rows, fields, missing, found);
    const last = rows.at(-1);
    if (last) this.#cache.touch(last.chunk);
    return found as Record<F, Uint8Array>[];
  }

  async #load<F extends MessageField>(
    reader: Reader,
    rows: readonly MessageRow[],
    fields: readonly F[],
    missing: readonly number[],
    found: (Record<F, Uint8Array> | undefined)[],
  ): Promise<void> {
    const keep = (r: number, record: Record<F, Uint8Array>): void => {
      found[r] = record;
      const { chunk, at } = rows[r]!;
      for (const field of fields) this.#cache.put(chunk, at, field, record[field]);
    };
    const stored: number[] = [];
    const fresh: number[] = [];
    for (const r of missing) (reader.unrecorded.has(messageOf(rows[r]!)) ? fresh : stored).push(r);
    if (stored.length > 0) {
      const ids = stored.map((r) => messageOf(rows[r]!));
      const records = await this.#around.stores.state.loadMessages(reader.id, ids, fields);
      for (const [n, r] of stored.entries()) {
        const record = records[n];
        if (!record) throw new StoreUnavailable(`Cannot read message ${ids[n]}: its record is missing`, { kept: "no" });
        keep(r, record as unknown as Record<F, Uint8Array>);
      }
    }
    if (fresh.length > 0 && fields.every((field) => field === "place")) {
      // Where the bytes are is known without reading them.
      for (const r of fresh) {
        const place = reader.unrecorded.get(messageOf(rows[r]!))?.place;
        if (place) keep(r, { place: packPlace(place) } as Record<F, Uint8Array>);
      }
    } else if (fresh.length > 0) {
      const described = await this.describe(
        reader,
        fresh.map((r) => messageOf(rows[r]!)),
        "if it can be",
      );
      for (const r of fresh) {
        const record = described.get(messageOf(rows[r]!));
        if (record) keep(r, record as unknown as Record<F, Uint8Array>);
      }
    }
    // Whoever else was describing them has written their records by now.
    const overtaken = fresh.filter((r) => !found[r]);
    if (overtaken.length > 0) await this.#load(reader, rows, fields, overtaken, found);
  }

  /**
   * Parses messages that have no record yet, and writes their records. Those that have got one meanwhile are left out.
   * `written`: who only wants to read is answered on a full disk, too.
   */
  async describe(
    reader: Reader,
    messages: readonly MessageId[],
    written: "surely" | "if it can be",
  ): Promise<ReadonlyMap<MessageId, StoredMessage>> {
    const records = new Map<MessageId, StoredMessage>();
    const underWay: Promise<StoredMessage>[] = [];
    for (let from = 0; from < messages.length; ) {
      const some: { message: MessageId; place: Place }[] = [];
      let bytes = 0;
      for (; from < messages.length && some.length < 200 && bytes < 4 * 1024 * 1024; from++) {
        const message = messages[from]!;
        const known = reader.unrecorded.get(message);
        if (!known) continue;
        // Whoever began may not write the record in the end; who must have it written does it all.
        const begun = written === "surely" ? undefined : this.#describing.get(reader.id + message);
        if (begun) underWay.push(begun);
        else some.push({ message, place: known.place });
        bytes += placeSize(known.place);
      }
      if (some.length === 0) continue;
      const batch = await this.#describeNow(reader, some);
      if (await this.#save(reader, batch, written)) reader.recorded(some.map(({ message }) => message));
      for (const record of batch) records.set(record.message, record);
    }
    for (const record of await Promise.all(underWay)) records.set(record.message, record);
    return records;
  }

  #describeNow(
    reader: Reader,
    some: readonly { message: MessageId; place: Place }[],
  ): Promise<readonly StoredMessage[]> {
    const { stores, cpu } = this.#around;
    const places = some.map(({ place }) => place);
    const work = readWhole(stores, reader.id, places).then(async (whole) => {
      const descriptions = await cpu.describe(whole);
      return some.map(({ message, place }, n): StoredMessage => {
        const description = descriptions[n] ?? opaqueDescription(whole[n]!.length);
        return { message, place: packPlace(place), ...description };
      });
    });
    for (const [n, { message }] of some.entries()) {
      const key = reader.id + message;
      const one = work.then((batch) => batch[n]!);
      const over = (): void => {
        if (this.#describing.get(key) === one) this.#describing.delete(key);
      };
      this.#describing.set(key, one);
      one.then(over, over);
    }
    return work;
  }

  async #save({ id }: Reader, batch: readonly StoredMessage[], written: "surely" | "if it can be"): Promise<boolean> {
    try {
      await this.#around.stores.state.saveMessages(id, batch);
      return true;
    } catch (error) {
      if (written === "surely" || !(error instanceof StoreUnavailable)) throw error;
      this.#around.logger.warn({ account: id, err: error }, "records not written yet: the store is unavailable");
      return false;
    }
  }

  async anatomies(reader: Reader, rows: readonly MessageRow[]): Promise<readonly Anatomy[]> {
    const records = await this.fields(reader, rows, ["anatomy"]);
    return records.map(({ anatomy }) => JSON.parse(Buffer.from(anatomy).toString()) as Anatomy);
  }

  async places(reader: Reader, rows: readonly MessageRow[]): Promise<readonly Place[]> {
    const records = await this.fields(reader, rows, ["place"]);
    return records.map(({ place }) => unpackPlace(place));
  }

  /** Whole messages. */
  async whole(reader: Reader, rows: readonly MessageRow[]): Promise<readonly Uint8Array[]> {
    return readWhole(this.#around.stores, reader.id, await this.places(reader, rows));
  }

  get stores(): Surroundings["stores"] {
    return this.#around.stores;
  }
}

export function messageOf({ chunk, at }: MessageRow): MessageId {
  return messageAt(chunk, at);
}

/** The rows of `uids`, at most `limit`. */
export function takeRows(account: Account, mailbox: string, uids: UidRuns, limit: number): MessageRow[] | null {
  const found = account.mailboxes.get(mailbox as never);
  if (!found) return null;
  const rows: MessageRow[] = [];
  const add = (chunk: Chunk, at: number): void => {
    if (rows.length < limit) rows.push({ chunk, at, uid: chunk.fixed.uid[at]!, size: chunk.fixed.size[at]! });
  };
  // Chunk by chunk, so that asking for the first few of a million does not visit the million.
  for (let run = 0; run < uids.length && rows.length < limit; run += 2) {
    let first = uids[run]!;
    const last = uids[run + 1]!;
    let c = firstChunkReaching(found.chunks, first);
    while (c < found.chunks.length && rows.length < limit) {
      const chunk = found.chunks[c]!;
      if (chunk.fixed.uid[0]! > last) break;
      const end = Math.min(last, chunk.fixed.uid[chunk.length - 1]!);
      eachRow({ ...found, chunks: [chunk] }, [first, end], add);
      first = end + 1;
      c++;
    }
  }
  return rows;
}

/** Of `uids`, those above the last row read. */
export function restAfter(uids: UidRuns, last: number): UidRuns {
  return difference(uids, runOf(1, last));
}
