import type { AccountId, MailboxId } from "../ids.ts";
import type { Account, Mailbox } from "./account.ts";
import { hashText, parseChecksum, printChecksum } from "./checksum.ts";
import { type Chunk, emptyChunk, messageIdBytes, withMarks } from "./chunk.ts";
import type { DepartedMailbox } from "./departed-mail.ts";
import type { Flag, SpecialUse } from "./events.ts";
import { KeywordTable } from "./keyword-table.ts";
import { noTombstones, packTombstones, type Tombstones, unpackTombstones } from "./tombstones.ts";

/**
 * An account as bytes: a head (JSON) that names its parts, and the parts: one for each chunk and each mailbox's
 * tombstones. Chunks and tombstones are immutable values, so one that was written before keeps its name, and saving a
 * state writes only what has changed since.
 */
export class PartNames {
  readonly #names = new WeakMap<object, string>();

  nameOf(value: Chunk | Tombstones): string | undefined {
    return this.#names.get(value);
  }

  give(value: Chunk | Tombstones, name: string): void {
    this.#names.set(value, name);
  }
}

export type PackedAccount = {
  head: string;
  names: string[];
  parts: Map<string, Uint8Array>;
  /** To be called when the parts are stored: from then on they are known. */
  stored(): void;
};

/** Packs the account; `parts` holds only those that `known` has no name for. `unique` sets this snapshot's new names apart from those of any other. */
export function packAccount(account: Account, known: PartNames, unique: string): PackedAccount {
  const names: string[] = [];
  const parts = new Map<string, Uint8Array>();
  const fresh: [Chunk | Tombstones, string][] = [];
  const name = (value: Chunk | Tombstones, prefix: string, pack: () => Uint8Array): string => {
    let given = known.nameOf(value);
    if (given === undefined) {
      given = `${prefix}.${account.seq}.${parts.size}.${unique}`;
      fresh.push([value, given]);
      parts.set(given, pack());
    }
    names.push(given);
    return given;
  };
  const head: Head = {
    format: 2,
    id: account.id,
    seq: account.seq,
    checksum: printChecksum(account.checksum),
    ...(account.closed && { closed: true }),
    quota: account.quota,
    used: account.used,
    lastUidValidity: account.lastUidValidity,
    subscriptions: [...account.subscriptions],
    keywordSets: account.keywords.sets(),
    mailboxes: [...account.mailboxes.values()].map((mailbox) => ({
      id: mailbox.id,
      path: mailbox.path,
      specialUse: mailbox.specialUse,
      uidValidity: mailbox.uidValidity,
      uidNext: mailbox.uidNext,
      highestModSeq: mailbox.highestModSeq,
      chunks: mailbox.chunks.map((chunk) => name(chunk, `c.${mailbox.id}`, () => packChunk(chunk))),
      tombstones:
        mailbox.tombstones.count === 0 && mailbox.tombstones.floor === 0
          ? null
          : name(mailbox.tombstones, `t.${mailbox.id}`, () => packTombstones(mailbox.tombstones)),
    })),
    departures: account.departed.count,
    departed: [...account.departed.mailboxes.values()].map(({ mailbox, deleted, chunks }) => ({
      mailbox,
      deleted,
      chunks: chunks.map((chunk) => name(chunk, `d.${mailbox}`, () => packChunk(chunk))),
    })),
  };
  const stored = (): void => {
    for (const [value, given] of fresh) known.give(value, given);
  };
  return { head: JSON.stringify(head), names, parts, stored };
}

/** The account of a head and its parts. Throws where a part is missing. */
export function unpackAccount(text: string, parts: ReadonlyMap<string, Uint8Array>, known: PartNames): Account {
  const head = JSON.parse(text) as Head;
  if (head.format !== 2)
    throw new Error(`Cannot read snapshot of account ${head.id}: format ${head.format} is not known`);
  const part = (name: string): Uint8Array => {
    const bytes = parts.get(name);
    if (!bytes) throw new Error(`Cannot read snapshot of account ${head.id}: part ${name} is missing`);
    return bytes;
  };
  const chunkOf = (name: string): Chunk => {
    const chunk = unpackChunk(part(name));
    known.give(chunk, name);
    return chunk;
  };
  const mailboxes = new Map<MailboxId, Mailbox>();
  const paths = new Map<string, MailboxId>();
  for (const packed of head.mailboxes) {
    const chunks = packed.chunks.map(chunkOf);
    let tombstones = noTombstones;
    if (packed.tombstones !== null) {
      tombstones = unpackTombstones(part(packed.tombstones));
      known.give(tombstones, packed.tombstones);
    }
    mailboxes.set(packed.id, {
      id: packed.id,
      hashSeed: hashText(packed.id),
      path: packed.path,
      specialUse: packed.specialUse,
      uidValidity: packed.uidValidity,
      uidNext: packed.uidNext,
      highestModSeq: packed.highestModSeq,
      chunks,
      messages: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      unseen: chunks.reduce((sum, chunk) => sum + chunk.unseen, 0),
      deleted: chunks.reduce((sum, chunk) => sum + chunk.deleted, 0),
      size: chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
      tombstones,
    });
    paths.set(packed.path, packed.id);
  }
  return {
    id: head.id,
    seq: head.seq,
    checksum: parseChecksum(head.checksum),
    closed: head.closed === true,
    quota: head.quota,
    used: head.used,
    lastUidValidity: head.lastUidValidity,
    mailboxes,
    paths,
    subscriptions: new Set(head.subscriptions),
    keywords: KeywordTable.of(head.keywordSets),
    departed: {
      count: head.departures,
      mailboxes: new Map(
        head.departed.map((packed): [MailboxId, DepartedMailbox] => [
          packed.mailbox,
          { ...packed, chunks: packed.chunks.map(chunkOf) },
        ]),
      ),
    },
  };
}

type Head = {
  format: number;
  id: AccountId;
  seq: number;
  checksum: string;
  closed?: true;
  quota: number;
  used: number;
  lastUidValidity: number;
  subscriptions: string[];
  keywordSets: readonly (readonly Flag[])[];
  mailboxes: {
    id: MailboxId;
    path: string;
    specialUse: SpecialUse | null;
    uidValidity: number;
    uidNext: number;
    highestModSeq: number;
    chunks: string[];
    tombstones: string | null;
  }[];
  departures: number;
  departed: { mailbox: MailboxId; deleted: DepartedMailbox["deleted"]; chunks: string[] }[];
};

/** Columns one after the other, little-endian: uid, created, size, date, modseq, flags, message ids. */
function packChunk(chunk: Chunk): Uint8Array {
  const { length, fixed, marks } = chunk;
  const words = [fixed.uid, fixed.created, fixed.size, fixed.date, marks.modseq, marks.flags];
  const bytes = new Uint8Array(length * (words.length * 4 + messageIdBytes));
  const numbers = new Uint32Array(bytes.buffer, 0, length * words.length);
  for (const [at, column] of words.entries()) numbers.set(column.subarray(0, length), at * length);
  bytes.set(fixed.message.subarray(0, length * messageIdBytes), length * words.length * 4);
  return bytes;
}

function unpackChunk(packed: Uint8Array): Chunk {
  const length = packed.length / (6 * 4 + messageIdBytes);
  const bytes = packed.slice();
  const numbers = new Uint32Array(bytes.buffer, 0, length * 6);
  const column = (at: number): Uint32Array => numbers.slice(at * length, (at + 1) * length);
  const chunk: Chunk = {
    ...emptyChunk(0),
    length,
    fixed: {
      filled: length,
      uid: column(0),
      created: column(1),
      size: column(2),
      date: column(3),
      message: bytes.slice(length * 24),
    },
  };
  const sizes = chunk.fixed.size;
  let sum = 0;
  for (let at = 0; at < length; at++) sum += sizes[at]!;
  return { ...withMarks(chunk, { filled: length, modseq: column(4), flags: column(5) }), bytes: sum };
}
