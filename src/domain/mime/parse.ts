import type { Anatomy, Part } from "./anatomy.ts";
import { Boundaries } from "./boundaries.ts";
import { parameterOctets } from "./decode-parameter.ts";
import { type Budget, HeaderReader, type PartHeader } from "./part-header.ts";

/** Containers within containers; what is nested deeper is an opaque leaf. */
export const maxDepth = 100;
/** Parts of one message; where there are more, the last one reaches to the end of the message. */
export const maxParts = 2_000;
/** Bytes of a line that decide which header field it is, blanks before its colon included. */
const fieldHead = 64;
/** What is kept about a message stays below the 16 MB that a MongoDB document may have, whatever is in it. */
const budget: Budget = { bytes: 512 * 1024, addresses: 10_000 };

/** The anatomy of a whole message; see MessageParser. */
export function parseMessage(bytes: Uint8Array): Anatomy {
  const parser = new MessageParser();
  parser.write(bytes);
  return parser.end();
}

/**
 * Takes a message in chunks of any size and says where its parts are. Never fails: any bytes are a message. Keeps
 * field values, never bodies, and its time is linear in the bytes.
 *
 * Where the RFCs leave it open: a line ends with LF, with or without CR before it; a bare CR is like any other byte. A
 * line in a header that is no field is passed over. A delimiter is a line that begins with `--` and an open boundary,
 * of which the longest and then the innermost counts (RFC 2046 §5.1.2); it ends all parts inside it, in their header
 * too. A multipart without boundary parameter is text/plain (RFC 2045 §5.2), and one in which the boundary never opens
 * a part has one text/plain part: what is there.
 *
 * @see RFC 2045, RFC 2046 §5.1, RFC 5322 §2
 */
export class MessageParser {
  /** Of the first byte of the chunk at hand, in the message. */
  #offset = 0;
  #inHeader = true;
  /** Within a line whose head has been judged. */
  #midLine = false;
  /** The beginning of a line that came in several chunks. */
  #head = new Uint8Array(fieldHead);
  #headLength = 0;
  #headEol = 0;
  /** The last two bytes of the chunks before. */
  #lastButOne = 0;
  #last = 0;
  /** Line feeds before the line at hand. */
  #lineFeeds = 0;
  #parts = 0;
  readonly #open: OpenPart[] = [];
  /** Boundaries are looked for: some are open, and the limit of parts is not reached. */
  #bounded = false;
  readonly #boundaries = new Boundaries();
  readonly #budget: Budget = { ...budget };
  #reader: HeaderReader;

  constructor() {
    this.#reader = this.#beginPart(0, true);
  }

  write(bytes: Uint8Array): void {
    const size = bytes.length;
    let at = 0;
    while (at < size) {
      if (this.#midLine) at = this.#finishLine(bytes, at);
      else if (this.#headLength > 0) at = this.#gatherHead(bytes, at);
      else if (this.#inHeader) at = this.#scanHeader(bytes, at);
      else at = this.#scanBody(bytes, at);
    }
    if (size > 1) this.#lastButOne = bytes[size - 2]!;
    else if (size === 1) this.#lastButOne = this.#last;
    if (size > 0) this.#last = bytes[size - 1]!;
    this.#offset += size;
  }

  end(): Anatomy {
    if (this.#headLength > 0) this.#judgeHead(false);
    const size = this.#offset;
    const current = this.#open[this.#open.length - 1]!;
    if (current.headerStart < 0) current.headerStart = size;
    if (this.#inHeader) this.#endHeader(size, 0);
    while (this.#open.length > 1) this.#closePart(size, 0);
    return { size, root: this.#finishPart(this.#open[0]!, size, 0) };
  }

  /** From the first byte of a line of a header; answers where it stopped. */
  #scanHeader(bytes: Uint8Array, from: number): number {
    const size = bytes.length;
    let at = from;
    while (at < size && this.#inHeader) {
      const lineFeed = bytes.indexOf(10, at);
      if (lineFeed < 0 && size - at < this.#headSize) return this.#stash(bytes, at);
      const end = lineFeed < 0 ? size : lineFeed + 1;
      this.#headerLine(bytes, at, end, this.#offset + at, lineFeed >= 0, this.#eolBefore(bytes, at));
      if (lineFeed < 0) {
        this.#midLine = true;
        return size;
      }
      this.#lineFeeds++;
      at = end;
    }
    return at;
  }

  /** From the first byte of a line of a body; answers where it stopped. */
  #scanBody(bytes: Uint8Array, from: number): number {
    const size = bytes.length;
    let at = from;
    let lineFeeds = this.#lineFeeds;
    while (at < size) {
      const lineFeed = bytes.indexOf(10, at);
      if (bytes[at] === 45 && this.#bounded) {
        this.#lineFeeds = lineFeeds;
        if (lineFeed < 0 && size - at < this.#headSize) return this.#stash(bytes, at);
        const end = lineFeed < 0 ? size : lineFeed + 1;
        this.#dashLine(bytes, at, end, this.#offset + at, lineFeed >= 0, this.#eolBefore(bytes, at));
        if (this.#inHeader && lineFeed >= 0) {
          this.#lineFeeds++;
          return end;
        }
      }
      if (lineFeed < 0) {
        this.#midLine = true;
        at = size;
        break;
      }
      lineFeeds++;
      at = lineFeed + 1;
    }
    this.#lineFeeds = lineFeeds;
    return at;
  }

  #finishLine(bytes: Uint8Array, from: number): number {
    const lineFeed = bytes.indexOf(10, from);
    const end = lineFeed < 0 ? bytes.length : lineFeed + 1;
    const current = this.#open[this.#open.length - 1]!;
    if (this.#inHeader && current.headerStart >= 0) this.#reader.more(bytes, from, end);
    if (lineFeed >= 0) {
      this.#midLine = false;
      this.#lineFeeds++;
      if (current.headerStart < 0) current.headerStart = this.#offset + end;
    }
    return end;
  }

  /** Bytes of a line that decide what it is: a delimiter, or a header field and which one. */
  get #headSize(): number {
    return Math.max(fieldHead, this.#boundaries.delimiterSize);
  }

  #stash(bytes: Uint8Array, from: number): number {
    this.#headEol = this.#eolBefore(bytes, from);
    if (this.#head.length < this.#headSize) this.#head = new Uint8Array(this.#headSize);
    this.#head.set(bytes.subarray(from), 0);
    this.#headLength = bytes.length - from;
    return bytes.length;
  }

  #gatherHead(bytes: Uint8Array, from: number): number {
    const lineFeed = bytes.indexOf(10, from);
    const end = Math.min(lineFeed < 0 ? bytes.length : lineFeed + 1, from + this.#headSize - this.#headLength);
    this.#head.set(bytes.subarray(from, end), this.#headLength);
    this.#headLength += end - from;
    const whole = bytes[end - 1] === 10;
    if (whole || this.#headLength === this.#headSize) {
      const offset = this.#offset;
      this.#offset += end;
      this.#judgeHead(whole);
      this.#offset = offset;
    }
    return end;
  }

  /** The line's beginning is in the stash and ends at `#offset`. */
  #judgeHead(whole: boolean): void {
    const length = this.#headLength;
    const start = this.#offset - length;
    this.#headLength = 0;
    if (this.#inHeader) this.#headerLine(this.#head, 0, length, start, whole, this.#headEol);
    else this.#dashLine(this.#head, 0, length, start, whole, this.#headEol);
    if (whole) this.#lineFeeds++;
    else this.#midLine = true;
  }

  #headerLine(bytes: Uint8Array, from: number, to: number, start: number, whole: boolean, eol: number): void {
    const first = bytes[from];
    if (whole && (first === 10 || (first === 13 && to - from === 2))) this.#endHeader(start + to - from, 1);
    else if (first === 32 || first === 9) this.#reader.more(bytes, from, to);
    else if (first !== 45 || !this.#bounded || !this.#dashLine(bytes, from, to, start, whole, eol))
      this.#reader.begin(bytes, from, to);
  }

  /** A line that begins with a hyphen: whether it is a delimiter, and if so, all that follows from it. */
  #dashLine(bytes: Uint8Array, from: number, to: number, start: number, whole: boolean, eol: number): boolean {
    const delimiter = this.#boundaries.match(bytes, from, to);
    if (delimiter === null) return false;
    const { level } = delimiter;
    if (this.#inHeader) {
      this.#endHeader(start, 0);
      this.#closeInside(level, start, 0);
    } else this.#closeInside(level, start, eol);
    if (delimiter.closes) {
      const parent = this.#open[level]!;
      if (parent.children.length === 0) parent.children.push(this.#soleChild(parent, start - eol, 1));
      this.#boundaries.drop(level);
      this.#inHeader = false;
      return true;
    }
    this.#reader = this.#beginPart(whole ? start + to - from : -1, false);
    return true;
  }

  #beginPart(start: number, ofMessage: boolean): HeaderReader {
    const parent = this.#open[this.#open.length - 1];
    const inDigest = parent !== undefined && !ofMessage && parent.header?.subtype === "digest";
    this.#open.push({ headerStart: start, bodyStart: 0, header: null, inDigest, ofMessage, ...fresh() });
    this.#parts++;
    if (this.#parts >= maxParts) this.#bounded = false;
    this.#inHeader = true;
    return new HeaderReader(ofMessage, this.#budget);
  }

  /** The header of the innermost part ended at `end`; `pending`: line feeds up to there not yet counted. */
  #endHeader(end: number, pending: number): void {
    const part = this.#open[this.#open.length - 1]!;
    if (part.headerStart < 0) part.headerStart = end;
    part.bodyStart = end;
    part.lineFeeds = this.#lineFeeds + pending;
    part.header = this.#reader.finish(part.inDigest);
    this.#inHeader = false;
    const { type, subtype } = part.header;
    if (type === "multipart") this.#beginMultipart(part);
    else if (
      type === "message" &&
      (subtype === "rfc822" || (subtype === "global" && isIdentity(part.header.encoding)))
    ) {
      if (this.#mayNest()) {
        part.kind = "message";
        this.#reader = this.#beginPart(end, true);
        // At the end of the input, or at a delimiter, the embedded message is empty: its header ends where it begins.
        if (pending === 0) this.#endHeader(end, 0);
      } else part.header = opaque(part.header);
    }
  }

  #beginMultipart(part: OpenPart): void {
    const value = parameterOctets(part.header!.params, "boundary") ?? "";
    const level = this.#open.length - 1;
    if (!this.#mayNest()) part.header = opaque(part.header!);
    else if (this.#boundaries.add(level, value)) {
      part.kind = "multipart";
      this.#bounded = true;
    } else part.header = { ...part.header!, type: "text", subtype: "plain", params: [] };
  }

  #mayNest(): boolean {
    return this.#open.length <= maxDepth && this.#parts < maxParts;
  }

  #closeInside(level: number, start: number, eol: number): void {
    while (this.#open.length > level + 1) this.#closePart(start - eol, eol === 0 ? 0 : 1);
  }

  /** Ends the innermost part; `uncounted`: line feeds counted already that are not of its body. */
  #closePart(end: number, uncounted: number): void {
    const part = this.#open.pop()!;
    if (part.kind === "multipart") this.#boundaries.drop(this.#open.length);
    this.#open[this.#open.length - 1]!.children.push(this.#finishPart(part, end, uncounted));
  }

  #finishPart(part: OpenPart, end: number, uncounted: number): Part {
    if (part.kind === "multipart") {
      if (part.children.length === 0) part.children.push(this.#soleChild(part, end, uncounted));
    }
    const bodyEnd = Math.max(part.bodyStart, end);
    return {
      kind: part.kind,
      header: { start: part.headerStart, end: part.bodyStart },
      body: { start: part.bodyStart, end: bodyEnd },
      lines: Math.max(0, this.#lineFeeds - part.lineFeeds - uncounted),
      ...part.header!,
      children: part.children,
    };
  }

  #soleChild(parent: OpenPart, end: number, uncounted: number): Part {
    const at = parent.bodyStart;
    return {
      kind: "leaf",
      header: { start: at, end: at },
      body: { start: at, end: Math.max(at, end) },
      lines: Math.max(0, this.#lineFeeds - parent.lineFeeds - uncounted),
      type: "text",
      subtype: "plain",
      params: [],
      encoding: "7bit",
      children: [],
    };
  }

  /** Bytes of the line end before position `at` of the chunk. */
  #eolBefore(bytes: Uint8Array, at: number): number {
    const last = at > 0 ? bytes[at - 1] : this.#last;
    if (last !== 10) return 0;
    const lastButOne = at > 1 ? bytes[at - 2] : at === 1 ? this.#last : this.#lastButOne;
    return lastButOne === 13 ? 2 : 1;
  }
}

type OpenPart = {
  kind: Part["kind"];
  /** -1 while the delimiter line before it has not ended. */
  headerStart: number;
  bodyStart: number;
  header: PartHeader | null;
  readonly inDigest: boolean;
  readonly ofMessage: boolean;
  /** Line feeds before its body. */
  lineFeeds: number;
  readonly children: Part[];
};

function fresh(): Pick<OpenPart, "kind" | "lineFeeds" | "children"> {
  return { kind: "leaf", lineFeeds: 0, children: [] };
}

function isIdentity(encoding: string): boolean {
  return encoding !== "base64" && encoding !== "quoted-printable";
}

/** A container that is not looked into. */
function opaque(header: PartHeader): PartHeader {
  return { ...header, type: "application", subtype: "octet-stream", params: [] };
}
