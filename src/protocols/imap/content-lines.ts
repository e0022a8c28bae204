import {
  type ColumnName,
  type Columns,
  type ContentItem,
  type ContentPage,
  noSuchPart,
} from "../../actors/account/requests.ts";
import { runsOfSorted, type UidRuns } from "../../domain/account/uid-runs.ts";
import type { SessionIn } from "./command.ts";
import { tellKeywords } from "./tell-news.ts";
import { asChar8 } from "./wire/print/char8.ts";
import { type ColumnItems, FetchLine } from "./wire/print/fetch-lines.ts";
import type { FetchItem, SectionItem } from "./wire/types.ts";

/** FETCH items that need the messages themselves, in the order asked. */
export type ContentWish = Exclude<FetchItem, { kind: "uid" | "flags" | "modseq" | "size" | "internaldate" }>;

/** Octets asked for at a time; a message larger than that comes in several pieces. */
const pageBytes = 512 * 1024;

/**
 * Writes `* n FETCH (…)` for `uids` with items of both kinds, page by page, as fast as the client reads: the page
 * behind the one being written is already on its way. Messages that are gone meanwhile are left out.
 */
export async function writeContentLines(
  session: SessionIn<"selected">,
  uids: UidRuns,
  wishes: readonly ContentWish[],
  columns: ColumnItems,
): Promise<void> {
  const { view } = session;
  const items = wishes.map(contentItem);
  const names = columnNames(columns);
  let next: Promise<Page> | null = readPage(session, uids, items, names);
  const walk = view.walk();
  while (next !== null) {
    const page: Page = await next;
    const { content, rows } = page;
    const more = content.rest.length > 0;
    // A client that reads slowly is not given the next page before it has room for it: that would hold both.
    next = more && !session.socket.congested ? readPage(session, content.rest, items, names) : null;
    // Where the client goes away or a piece cannot be read, nobody is left to await the page behind.
    next?.catch(() => {});
    if (rows !== null) tellKeywords(session, view, rows.keywordSets);
    const line = new FetchLine(session.out, rows ?? bare(content.uids), columns, view.recent);
    let row = 0;
    for (let index = 0; index < content.uids.length; index++) {
      const uid = content.uids[index]!;
      if (rows !== null) {
        while (row < rows.uids.length && rows.uids[row]! < uid) row++;
        if (rows.uids[row] !== uid) continue;
      } else row = index;
      const sequence = walk.to(uid);
      if (sequence === 0) continue;
      let first = !line.open(row, sequence);
      for (let at = 0; at < wishes.length; at++) {
        if (!first) session.out.ascii(" ");
        first = false;
        const rest = writeItem(session, uid, wishes[at]!, content, index * wishes.length + at);
        if (rest !== null) await rest;
      }
      line.close();
      if (session.socket.congested && !(await session.room())) return;
    }
    if (!(await session.room())) return;
    if (more) next ??= readPage(session, content.rest, items, names);
  }
}

type Page = { readonly content: ContentPage; readonly rows: Columns | null };

async function readPage(
  session: SessionIn<"selected">,
  uids: UidRuns,
  items: readonly ContentItem[],
  names: readonly ColumnName[] | null,
): Promise<Page> {
  const { mailbox } = session.view;
  const content = await session.read({ kind: "readContent", mailbox, uids, items, maxBytes: pageBytes });
  if (names === null) return { content, rows: null };
  const found = runsOfSorted(content.uids);
  return { content, rows: await session.read({ kind: "readColumns", mailbox, uids: found, columns: names }) };
}

/** null: nothing is wanted but perhaps the UID, which every page has. */
function columnNames({ flags, modseq, size, internaldate }: ColumnItems): readonly ColumnName[] | null {
  const names: ColumnName[] = [];
  if (flags) names.push("flags");
  if (modseq) names.push("modseq");
  if (size) names.push("size");
  if (internaldate) names.push("date");
  return names.length === 0 ? null : names;
}

function bare(uids: Uint32Array): Columns {
  const none = new Uint32Array(0);
  const empty = { modseqs: none, flags: none, keywordSets: [], sizes: none, dates: none, messages: new Uint8Array(0) };
  return { ok: true, seq: 0, uids, ...empty };
}

function contentItem(wish: ContentWish): ContentItem {
  if (wish.kind !== "section") return { kind: wish.kind };
  const { part, text, fields, partial } = wish;
  return { kind: "section", part, text, ...(fields && { fields }), ...(partial && { partial }) };
}

const names = { envelope: "ENVELOPE ", body: "BODY ", bodystructure: "BODYSTRUCTURE " } as const;

/** Writes what the page has of an item; a promise where more has to be read for it, which is rare. */
function writeItem(
  session: SessionIn<"selected">,
  uid: number,
  wish: ContentWish,
  page: ContentPage,
  entry: number,
): Promise<void> | null {
  const { out } = session;
  const size = page.sizes[entry]!;
  const have = page.bytes.subarray(page.offsets[entry]!, page.offsets[entry + 1]!);
  if (wish.kind !== "section") {
    out.ascii(names[wish.kind]);
    if (have.length < size) return writeWhole(session, uid, wish.kind, size);
    out.raw(have);
    return null;
  }
  out.ascii(wish.label).ascii(" ");
  if (size === noSuchPart) {
    out.ascii("NIL");
    return null;
  }
  const wanted = wantedOf(size, wish);
  // A literal of no octets is as right, but iOS Mail waits 90 s for what it takes to be missing behind {0}.
  if (wanted === 0) {
    out.ascii('""');
    return null;
  }
  out.ascii("{").number(wanted).ascii("}").crlf().raw(asChar8(have));
  return have.length < wanted ? writeRest(session, uid, wish, have.length, wanted) : null;
}

/** Octets of a section of `size` octets that are asked for. */
function wantedOf(size: number, { partial }: SectionItem): number {
  return partial === undefined ? size : Math.max(0, Math.min(partial.length, size - partial.offset));
}

/** Writes a text (ENVELOPE, BODYSTRUCTURE) that a page was too small for. */
async function writeWhole(
  session: SessionIn<"selected">,
  uid: number,
  kind: "envelope" | "body" | "bodystructure",
  size: number,
): Promise<void> {
  const { mailbox } = session.view;
  const items = [{ kind }] as const;
  const page = await session.read({ kind: "readContent", mailbox, uids: [uid, uid], items, maxBytes: size + 1024 });
  // NIL is what an unknown text is said as: the message has gone while it was being read.
  session.out.raw(page.uids.length === 0 ? nil : page.bytes);
}

const nil = new TextEncoder().encode("NIL");

/** The rest of a literal whose size has been announced: from here on there is no way back. */
async function writeRest(
  session: SessionIn<"selected">,
  uid: number,
  wish: SectionItem,
  from: number,
  size: number,
): Promise<void> {
  const { mailbox } = session.view;
  const start = wish.partial?.offset ?? 0;
  for (let at = from; at < size; ) {
    if (!(await session.room())) return;
    const partial = { offset: start + at, length: Math.min(size - at, pageBytes) };
    const item = contentItem({ ...wish, partial });
    const page = await session.ask({
      kind: "readContent",
      mailbox,
      uids: [uid, uid],
      items: [item],
      maxBytes: pageBytes,
    });
    if (!page.ok || page.uids.length === 0 || page.bytes.length === 0) {
      session.log().warn({ uid, missing: size - at }, "message went away while it was being sent");
      session.socket.destroy();
      return;
    }
    session.out.raw(asChar8(page.bytes));
    at += page.bytes.length;
  }
}
