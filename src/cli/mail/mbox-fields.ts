import { isKeyword } from "../../domain/account/flags.ts";
import { type MailFlags, noFlags } from "./mail-file.ts";
import { headerEnd } from "./mbox-entries.ts";

/** What the keepers of an mbox wrote into a message's header, and the message without it. */
export type MboxFields = {
  readonly bytes: Buffer;
  readonly flags: MailFlags;
  readonly keywords: readonly string[];
  /** Words among the keywords that IMAP has no keyword for. */
  readonly badKeywords: readonly string[];
  /** Why this is no message that its owner has: left out with these words; null: it is one. */
  readonly omitted: string | null;
};

/**
 * Takes the fields out of a header that are the mbox's and not the message's, as Dovecot, UW, mutt and Thunderbird
 * write them.
 *
 * `Status` R read, O not recent; `X-Status` A answered, F flagged, T draft, D deleted; a value with anything else in
 * it is somebody's text, means nothing and stays. `X-Keywords` and `X-Mozilla-Keys` are keywords. X-UID, X-IMAP,
 * X-IMAPbase and Content-Length say nothing outside the file.
 */
export function readFields(entry: Buffer, { first }: { first: boolean }): MboxFields {
  const end = headerEnd(entry);
  const header = end === -1 ? entry.length : end;
  const kept: Buffer[] = [];
  const values = new Map<string, string>();
  let from = 0;
  for (const field of fieldsOf(entry, header)) {
    const pattern = ownFields[field.name];
    if (!pattern?.test(field.value)) continue;
    if (!values.has(field.name)) values.set(field.name, field.value);
    kept.push(entry.subarray(from, field.from));
    from = field.to;
  }
  kept.push(entry.subarray(from));
  const bytes = kept.length === 1 ? entry : Buffer.concat(kept);
  const words = `${values.get("x-keywords") ?? ""} ${values.get("x-mozilla-keys") ?? ""}`.split(/\s+/).filter(Boolean);
  const mozilla = mozillaFlags(values.get("x-mozilla-status"), values.get("x-mozilla-status2"));
  return {
    bytes,
    flags: statusFlags(values.get("status") ?? "", values.get("x-status") ?? "", mozilla),
    keywords: [...new Set(words.filter(isKeyword))],
    badKeywords: words.filter((word) => !isKeyword(word)),
    omitted:
      first && isFolderData(entry.toString("latin1", 0, header))
        ? "it is no message but what UW or Dovecot keep of the folder"
        : mozilla.expunged
          ? "it was deleted in Thunderbird, and is there until the folder is compacted"
          : null,
  };
}

/** Whether a header is that of the message in which UW and Dovecot keep the counters of a folder that was empty. */
export function isFolderData(header: string): boolean {
  return /^X-IMAP:[ \t]*\d+ \d+/im.test(header) && /^Subject:.*FOLDER INTERNAL DATA/im.test(header);
}

/** The fields that belong to the mbox, and the values they have there. */
const ownFields: Readonly<Record<string, RegExp>> = {
  status: /^[ADFNORTU]{0,8}$/,
  "x-status": /^[ADFNORTU]{0,8}$/,
  "x-keywords": /^/,
  "x-uid": /^\d*$/,
  "x-imap": /^\d+ \d+/,
  "x-imapbase": /^\d+ \d+/,
  "content-length": /^\d*$/,
  "x-mozilla-status": /^[0-9a-f]{4}$/i,
  "x-mozilla-status2": /^[0-9a-f]{8}$/i,
  "x-mozilla-keys": /^/,
};

function statusFlags(status: string, xStatus: string, mozilla: ReturnType<typeof mozillaFlags>): MailFlags {
  return {
    ...noFlags,
    seen: status.includes("R") || mozilla.seen,
    answered: xStatus.includes("A") || mozilla.answered,
    flagged: xStatus.includes("F") || mozilla.flagged,
    deleted: xStatus.includes("D") || mozilla.deleted,
    draft: xStatus.includes("T"),
    forwarded: mozilla.forwarded,
  };
}

/** Bits of X-Mozilla-Status, and of -Status2: a message in the local copy of an IMAP folder that has `\Deleted`. */
function mozillaFlags(status = "0", status2 = "0") {
  const bits = Number.parseInt(status, 16);
  return {
    seen: (bits & 0x0001) !== 0,
    answered: (bits & 0x0002) !== 0,
    flagged: (bits & 0x0004) !== 0,
    expunged: (bits & 0x0008) !== 0,
    forwarded: (bits & 0x1000) !== 0,
    deleted: (Number.parseInt(status2, 16) & 0x00200000) !== 0,
  };
}

type Field = { readonly name: string; readonly value: string; readonly from: number; readonly to: number };

/** The fields of a header whose names begin as those of an mbox do, each with the lines it is folded into. */
function* fieldsOf(entry: Buffer, end: number): Generator<Field> {
  for (let at = 0; at < end; ) {
    let to = lineEnd(entry, at, end);
    while (to < end && (entry[to] === space || entry[to] === tab)) to = lineEnd(entry, to, end);
    const name = /^(?:X-|Status|Content-Length)[A-Za-z0-9-]*/i.exec(
      entry.toString("latin1", at, Math.min(to, at + 64)),
    );
    if (name && entry[at + name[0].length] === colon) {
      const value = entry.toString("latin1", at + name[0].length + 1, to).trim();
      yield { name: name[0].toLowerCase(), value, from: at, to };
    }
    at = to;
  }
}

function lineEnd(bytes: Buffer, at: number, end: number): number {
  const found = bytes.indexOf(0x0a, at);
  return found === -1 || found >= end ? end : found + 1;
}

const space = 0x20;
const tab = 0x09;
const colon = 0x3a;
