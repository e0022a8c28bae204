import { atOnce } from "../../domain/account/at-once.ts";
import { printChecksum } from "../../domain/account/checksum.ts";
import { departedMessages } from "../../domain/account/departed-mail.ts";
import { checksumFromScratch } from "../../domain/account/evolve.ts";
import { messagesIn } from "../../domain/account/message-ids.ts";
import { PartNames, packAccount, unpackAccount } from "../../domain/account/snapshot.ts";
import type { MailboxId, MessageId, RequestId } from "../../domain/ids.ts";
import type { Base, BodyPlace } from "../../store/log.ts";
import { Claims } from "./claims.ts";
import { Departed, type PackedDeparted } from "./departed.ts";
import type { Loaded, Unrecorded } from "./loaded.ts";
import { packPlace, unpackPlace } from "./message-place.ts";
import { type Done, RequestWindow } from "./request-window.ts";

/**
 * A base as bytes: everything about an account that its log said up to the base's entry and that nothing else says:
 * the state, the requests done lately, what departed and when, and where the bytes are of every message that is there or
 * could be brought back. What has been forgotten by then has no place in it.
 *
 * Its first part (JSON) says what the others are: the head in pieces, the state's parts, the places.
 */
type Contents = {
  readonly format: 1;
  readonly head: number;
  readonly names: readonly string[];
  readonly places: number;
};

type Head = {
  readonly account: string;
  readonly requests: readonly [RequestId, Done][];
  readonly claimed: readonly [MailboxId, number][];
  readonly departed: PackedDeparted;
};

const pieceBytes = 1024 * 1024;
const rowsBetweenYields = 500;

/** The base of an account that was loaded from its log alone; `at`: when its last entry was made. */
export function packBase(loaded: Loaded, at: number, name: string): Base {
  return atOnce(packingBase(loaded, at, name));
}

/** As `packBase`, yielding now and then. */
export function* packingBase(loaded: Loaded, at: number, name: string): Generator<undefined, Base> {
  const { account } = loaded;
  const packed = packAccount(account, new PartNames(), name);
  const head: Head = {
    account: packed.head,
    requests: loaded.requests.pack(),
    claimed: [...loaded.claimed],
    departed: { ...loaded.departed.pack(), forgotten: [] },
  };
  const headPieces = piecesOf(Buffer.from(JSON.stringify(head)));
  yield;
  const places = yield* packPlaces(messagesOf(loaded), loaded.unrecorded);
  const contents: Contents = {
    format: 1,
    head: headPieces.length,
    names: [...packed.parts.keys()],
    places: places.length,
  };
  const parts = [Buffer.from(JSON.stringify(contents)), ...headPieces, ...packed.parts.values(), ...places];
  return { account: account.id, seq: account.seq, at, name, parts };
}

/** What `packBase` was given, each message with its place. Throws where the base does not prove itself. */
export function unpackBase(base: Base): Loaded {
  return atOnce(unpackingBase(base));
}

/** As `unpackBase`, yielding now and then. */
export function* unpackingBase(base: Base): Generator<undefined, Loaded> {
  const [first, ...parts] = base.parts;
  const contents = JSON.parse(textOf(first ?? new Uint8Array(0))) as Contents;
  if (contents.format !== 1)
    throw new Error(`Cannot read the base of account ${base.account}: format ${contents.format} is not known`);
  const headPieces = parts.slice(0, contents.head);
  const head = JSON.parse(Buffer.concat(headPieces).toString()) as Head;
  const state = new Map(contents.names.map((name, at) => [name, parts[contents.head + at] ?? new Uint8Array(0)]));
  const account = unpackAccount(head.account, state, new PartNames());
  if (account.seq !== base.seq || printChecksum(checksumFromScratch(account)) !== printChecksum(account.checksum))
    throw new Error(`Cannot read the base of account ${base.account}: it is not the account at entry ${base.seq}`);
  const unrecorded = new Map<MessageId, Unrecorded>();
  for (const part of parts.slice(contents.head + contents.names.length)) {
    yield;
    unpackPlaces(part, unrecorded);
  }
  return {
    account,
    requests: RequestWindow.unpack(head.requests),
    claimed: new Claims(head.claimed),
    unrecorded,
    departed: Departed.unpack(head.departed),
    parts: new PartNames(),
    snapshotSeq: 0,
  };
}

/** The bodies of trimmed entries that a base's messages need, by seq. */
export function bodiesNeeded({ unrecorded }: Pick<Loaded, "unrecorded">): readonly BodyPlace[] {
  const places: BodyPlace[] = [];
  for (const { place } of unrecorded.values()) {
    for (const piece of place) if (piece.kind === "inline") places.push({ seq: piece.seq, index: piece.index });
  }
  return places.sort((a, b) => a.seq - b.seq || a.index - b.index);
}

/** Every message that is in a mailbox, or has departed and can be brought back; some of them more than once. */
function* messagesOf({ account }: Loaded): Generator<MessageId> {
  for (const { chunks } of account.mailboxes.values()) yield* messagesIn(chunks);
  yield* departedMessages(account.departed);
}

type PackedPlace = readonly [message: MessageId, seq: number, place: string];

function* packPlaces(
  messages: Iterable<MessageId>,
  places: ReadonlyMap<MessageId, Unrecorded>,
): Generator<undefined, Uint8Array[]> {
  const packed = new Set<MessageId>();
  const pieces: Uint8Array[] = [];
  let rows: string[] = [];
  let size = 0;
  const finish = (): void => {
    if (rows.length > 0) pieces.push(Buffer.from(`[${rows.join(",")}]`));
    rows = [];
    size = 0;
  };
  for (const message of messages) {
    if (packed.has(message)) continue;
    packed.add(message);
    if (packed.size % rowsBetweenYields === 0) yield;
    const known = places.get(message);
    if (!known) throw new Error(`Cannot make a base: no entry brought message ${message}`);
    const row = JSON.stringify([message, known.seq, textOf(packPlace(known.place))] satisfies PackedPlace);
    rows.push(row);
    size += row.length;
    if (size >= pieceBytes) finish();
  }
  finish();
  return pieces;
}

function unpackPlaces(part: Uint8Array, into: Map<MessageId, Unrecorded>): void {
  for (const [message, seq, place] of JSON.parse(textOf(part)) as PackedPlace[]) {
    into.set(message, { seq, place: unpackPlace(Buffer.from(place)) });
  }
}

function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return pieces;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
