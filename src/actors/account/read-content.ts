import type { Anatomy } from "../../domain/mime/anatomy.ts";
import { formatBodyStructure } from "../../domain/mime/body-structure.ts";
import { HeaderFieldPicker } from "../../domain/mime/header-fields.ts";
import { headerSize } from "../../domain/mime/header-size.ts";
import { sectionRange } from "../../domain/mime/section.ts";
import type { MessageField } from "../../store/state.ts";
import { type ContentReader, type MessageRow, type Reader, restAfter, takeRows } from "./content-reader.ts";
import { noSuchMailbox } from "./mailbox-reads.ts";
import { readRange } from "./message-bytes.ts";
import type { Place } from "./message-place.ts";
import { type ContentItem, type ContentPage, type ContentQuery, noSuchPart, type Refused } from "./requests.ts";

type Section = Extract<ContentItem, { kind: "section" }>;

/** Messages up to this size are read whole; of larger ones only what is asked for. */
const wholeLimit = 256 * 1024;
/** Bytes of messages read at a time. */
const batchBytes = 2 * 1024 * 1024;
const batchRows = 500;
/** Rows looked at for one page. */
const pageRows = 5000;

/** Answers a page of content: as many messages as fit into `maxBytes`, at least one. */
export async function readContent(
  content: ContentReader,
  reader: Reader,
  query: ContentQuery,
): Promise<ContentPage | Refused> {
  const { seq } = reader.state;
  const rows = takeRows(reader.state, query.mailbox, query.uids, pageRows);
  if (!rows) return noSuchMailbox(query.mailbox);
  const page = new PageWriter(query.maxBytes, query.items.length);
  const sections = query.items.some((item) => item.kind === "section");
  const structures = query.items.some((item) => item.kind !== "envelope");
  let allowance = recordBytes.least;
  for (let from = 0; from < rows.length && !page.full; ) {
    let to = from;
    let bytes = 0;
    let structure = 0;
    while (to < rows.length && to - from < batchRows && bytes < batchBytes && structure < allowance) {
      const { size } = rows[to]!;
      if (sections) bytes += Math.min(size, wholeLimit);
      structure += structures ? largestStructure(size) : largestEnvelope(size);
      to++;
    }
    const read = await readBatch(content, reader, rows.slice(from, to), query.items, page);
    allowance = read > structure / 16 ? recordBytes.least : Math.min(allowance * 4, recordBytes.most);
    from = to;
  }
  const last = page.uids.at(-1);
  const rest =
    last === undefined || (page.uids.length === rows.length && rows.length < pageRows)
      ? []
      : restAfter(query.uids, last);
  return { ok: true, seq, ...page.finish(), rest };
}

/**
 * Records are read together that may have so many bytes in all. Structures are hardly ever as large as they can be, so
 * more is ventured while that proves true.
 */
const recordBytes = { least: 8 * 1024 * 1024, most: 128 * 1024 * 1024 };

/** A message of this size is described in so many bytes at most, about: by its parts, of which there is a limit, and their headers. */
function largestStructure(size: number): number {
  return Math.min(size * 40, 768 * 1024 + size * 2);
}

/** Its header may be all there is of it. */
function largestEnvelope(size: number): number {
  return size * 2;
}

/** Structures from this size on take so long to read that others come between two of them. */
const largeRecord = 128 * 1024;

/** Octets of headers and messages looked through before others come: some milliseconds. */
const scannedAtOnce = 4 * 1024 * 1024;

/** Answers the bytes of the records that were read. */
async function readBatch(
  content: ContentReader,
  reader: Reader,
  rows: readonly MessageRow[],
  items: readonly ContentItem[],
  page: PageWriter,
): Promise<number> {
  const fields = new Set<MessageField>();
  for (const item of items) {
    if (item.kind === "envelope" || item.kind === "bodystructure") fields.add(item.kind);
    else if (item.kind === "body" || needsAnatomy(item)) fields.add("anatomy");
    if (item.kind === "section") fields.add("place");
  }
  const sections = items.some((item) => item.kind === "section");
  // A large message is read by ranges, and they come from its anatomy.
  if (sections && rows.some((row) => row.size > wholeLimit)) fields.add("anatomy");
  const records = await content.fields(reader, rows, [...fields]);
  const small = sections ? rows.filter((row) => row.size <= wholeLimit) : [];
  const whole = new Map<MessageRow, Uint8Array>();
  if (small.length > 0) {
    const bytes = await content.whole(reader, small);
    for (const [n, row] of small.entries()) whole.set(row, bytes[n]!);
  }
  const structured = items.some(({ kind }) => kind === "body");
  let recordsRead = 0;
  for (const record of records) {
    for (const bytes of Object.values<Uint8Array>(record)) recordsRead += bytes.length;
  }
  const places = sections && small.length < rows.length ? await content.places(reader, rows) : [];
  let scanned = 0;
  for (const [n, row] of rows.entries()) {
    const record = records[n]!;
    const headers = new HeaderMemory();
    let anatomy: Anatomy | undefined;
    const parts = (): Anatomy => {
      anatomy ??= JSON.parse(Buffer.from(record.anatomy).toString()) as Anatomy;
      return anatomy;
    };
    // What will hardly fit is not made for nothing: it would be made again for the next page.
    if (structured && page.leaves(record.anatomy.length / 4)) break;
    const values: Value[] = [];
    for (const item of items) {
      if (item.kind === "envelope" || item.kind === "bodystructure") values.push(wholeValue(record[item.kind]));
      else if (item.kind === "body") values.push(wholeValue(formatBodyStructure(parts().root, false)));
      else {
        const bytes = whole.get(row);
        values.push(
          bytes
            ? sectionOfBytes(bytes, item, { parts, headers })
            : await sectionOfPlace(content, reader, places[n]!, item, {
                anatomy: parts(),
                headers,
                maxBytes: page.maxBytes,
              }),
        );
        scanned += headers.takeScanned();
        if (scanned >= scannedAtOnce) {
          scanned = 0;
          await content.slices.rest();
        }
      }
    }
    if (!page.add(row.uid, values)) break;
    if (anatomy !== undefined && record.anatomy.length >= largeRecord) await content.slices.rest();
  }
  return recordsRead;
}

function needsAnatomy(item: Section): boolean {
  return item.part.length > 0 || item.text === "mime";
}

/** What is sent of an item, and how large the whole of it is; null bytes: there is no such part. */
type Value = { readonly bytes: Uint8Array | null; readonly size: number };

function wholeValue(bytes: Uint8Array): Value {
  return { bytes, size: bytes.length };
}

/** What of one message's headers is known already, and how much of them has been looked through: many sections may ask. */
class HeaderMemory {
  #size: number | null = null;
  #read: { readonly start: number; readonly bytes: Uint8Array } | null = null;
  #scanned = 0;

  sizeIn(message: Uint8Array): number {
    if (this.#size === null) {
      this.#size = headerSize(message);
      this.#scanned += this.#size;
    }
    return this.#size;
  }

  /** The header that begins at `start`, as `read` gives it where it is not the one read last. */
  async from(start: number, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    if (this.#read?.start !== start) this.#read = { start, bytes: await read() };
    return this.#read.bytes;
  }

  /** The fields the section asks for; everything where it asks for no fields in particular. */
  fieldsOf(bytes: Uint8Array, section: Section): Uint8Array {
    const picker = pickerFor(section);
    if (picker === null) return bytes;
    this.#scanned += bytes.length;
    return picker.pick(bytes);
  }

  /** Octets looked through since it was asked last. */
  takeScanned(): number {
    const scanned = this.#scanned;
    this.#scanned = 0;
    return scanned;
  }
}

function sectionOfBytes(
  message: Uint8Array,
  section: Section,
  { parts, headers }: { parts: () => Anatomy; headers: HeaderMemory },
): Value {
  if (section.part.length === 0 && section.text !== "mime") {
    if (section.text === "all") return partOf(message, section);
    const header = headers.sizeIn(message);
    if (section.text === "text") return partOf(message.subarray(header), section);
    return partOf(headers.fieldsOf(message.subarray(0, header), section), section);
  }
  const range = sectionRange(parts(), section.part, section.text);
  if (range === null) return { bytes: null, size: noSuchPart };
  return partOf(headers.fieldsOf(message.subarray(range.start, range.end), section), section);
}

const pickers = new WeakMap<Section, HeaderFieldPicker>();

/** null: the section asks for no fields in particular. */
function pickerFor(section: Section): HeaderFieldPicker | null {
  if (section.text !== "fields" && section.text !== "fields-not") return null;
  let picker = pickers.get(section);
  if (!picker) {
    picker = new HeaderFieldPicker(section.fields ?? [], section.text === "fields" ? "named" : "others");
    pickers.set(section, picker);
  }
  return picker;
}

function partOf(bytes: Uint8Array, { partial }: Section): Value {
  const size = bytes.length;
  return { bytes: partial ? bytes.subarray(partial.offset, partial.offset + partial.length) : bytes, size };
}

/** Header fields are picked from at most this much of a header. */
const headerLimit = 4 * 1024 * 1024;

async function sectionOfPlace(
  content: ContentReader,
  reader: Reader,
  place: Place,
  section: Section,
  { anatomy, headers, maxBytes }: { anatomy: Anatomy; headers: HeaderMemory; maxBytes: number },
): Promise<Value> {
  const range = sectionRange(anatomy, section.part, section.text);
  if (range === null) return { bytes: null, size: noSuchPart };
  const { start, end } = range;
  if (section.text === "fields" || section.text === "fields-not") {
    const upTo = Math.min(end, start + headerLimit);
    const header = await headers.from(start, () => readRange(content.stores, reader.id, place, start, upTo));
    return partOf(headers.fieldsOf(header, section), section);
  }
  const size = end - start;
  const from = Math.min(section.partial?.offset ?? 0, size);
  const length = Math.min(section.partial?.length ?? size, size - from, maxBytes);
  const bytes = await readRange(content.stores, reader.id, place, start + from, start + from + length);
  return { bytes, size };
}

/** Collects a page; its one buffer grows by doubling. */
class PageWriter {
  readonly maxBytes: number;
  readonly uids: number[] = [];
  readonly #offsets: number[] = [0];
  readonly #sizes: number[] = [];
  readonly #items: number;
  #bytes: Uint8Array;
  #length = 0;
  full = false;

  constructor(maxBytes: number, items: number) {
    this.maxBytes = maxBytes;
    this.#items = items;
    this.#bytes = new Uint8Array(Math.min(maxBytes, 64 * 1024));
  }

  /** True, and the page is full, where another message of so many bytes would not fit. */
  leaves(bytes: number): boolean {
    if (this.uids.length === 0 || this.#length + bytes <= this.maxBytes) return false;
    this.full = true;
    return true;
  }

  /** False where the message did not fit: it is for the next page. */
  add(uid: number, values: readonly Value[]): boolean {
    const bytes = values.reduce((sum, value) => sum + (value.bytes?.length ?? 0), 0);
    if (this.#length + bytes > this.maxBytes && this.uids.length > 0) {
      this.full = true;
      return false;
    }
    let left = this.maxBytes - this.#length;
    this.uids.push(uid);
    for (const { bytes: whole, size } of values) {
      const given = whole === null ? 0 : Math.min(whole.length, left);
      if (whole && given > 0) this.#write(given === whole.length ? whole : whole.subarray(0, given));
      left -= given;
      this.#offsets.push(this.#length);
      this.#sizes.push(size);
    }
    if (this.#length >= this.maxBytes) this.full = true;
    return true;
  }

  #write(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): Pick<ContentPage, "uids" | "offsets" | "sizes" | "bytes"> {
    if (this.#sizes.length !== this.uids.length * this.#items)
      throw new Error("Cannot finish the page: items are missing");
    return {
      uids: Uint32Array.from(this.uids),
      offsets: Uint32Array.from(this.#offsets),
      sizes: Uint32Array.from(this.#sizes),
      bytes: this.#bytes.subarray(0, this.#length),
    };
  }
}
