import type { Accounts } from "../../../actors/account/requests.ts";
import type { UidRuns } from "../../../domain/account/uid-runs.ts";
import type { AccountId, MailboxId } from "../../../domain/ids.ts";
import { badInput } from "../failure.ts";
import { granted } from "../refusals.ts";
import type { ListingHeaders } from "./listing-view.ts";

const fieldName = /^[\x21-\x39\x3b-\x7e]+$/; // RFC 5322 §2.2
const pageBytes = 1024 * 1024;
/** Of a message's header, so much is listed: more than any mailer writes. */
export const listedHeader = 64 * 1024;

/**
 * What `includeHeaders` asks for: the names in a list with commas, all for true, null for none.
 *
 * @throws HttpFailure InputValidationError for what cannot be the name of a header
 */
export function headersWanted(includeHeaders: string | boolean): readonly string[] | "all" | null {
  if (typeof includeHeaders === "boolean") return includeHeaders ? "all" : null;
  if (/^(true|yes|on|y|1)$/i.test(includeHeaders)) return "all";
  if (/^(false|no|off|n|0|)$/i.test(includeHeaders)) return null;
  const names = includeHeaders
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (!names.every((name) => fieldName.test(name))) throw badInput("includeHeaders", "must be a list of header names");
  return names.length > 0 ? names : null;
}

/** The header fields of messages, by UID; a message that is gone has no entry. */
export async function headersOf(
  accounts: Accounts,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidRuns,
  wanted: readonly string[] | "all",
): Promise<ReadonlyMap<number, ListingHeaders>> {
  const partial = { offset: 0, length: listedHeader };
  const item =
    wanted === "all"
      ? ({ kind: "section", part: [], text: "header", partial } as const)
      : ({ kind: "section", part: [], text: "fields", fields: wanted, partial } as const);
  const headers = new Map<number, ListingHeaders>();
  let rest = uids;
  while (rest.length > 0) {
    const page = granted(
      await accounts.ask(account, { kind: "readContent", mailbox, uids: rest, items: [item], maxBytes: pageBytes }),
    );
    for (let at = 0; at < page.uids.length; at++) {
      headers.set(page.uids[at]!, parseHeader(page.bytes.subarray(page.offsets[at]!, page.offsets[at + 1]!)));
    }
    rest = page.uids.length > 0 ? page.rest : [];
  }
  return headers;
}

/**
 * Fields by lower-case name, unfolded; a field that is there several times is a list. Of a header that is longer than
 * `listedHeader`, the lines that are whole up to there.
 */
export function parseHeader(header: Uint8Array): ListingHeaders {
  const bytes =
    header.length < listedHeader ? header : header.subarray(0, header.subarray(0, listedHeader).lastIndexOf(lf) + 1);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const fields = new Map<string, string | string[]>();
  for (const line of text.replace(/\r?\n(?=[ \t])/g, "").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const known = fields.get(name);
    if (known === undefined) fields.set(name, value);
    else if (Array.isArray(known)) known.push(value);
    else fields.set(name, [known, value]);
  }
  return Object.fromEntries(fields);
}

const lf = 0x0a;

/** Those of the fields that are wanted. */
export function picked(headers: ListingHeaders, wanted: readonly string[] | "all"): ListingHeaders {
  if (wanted === "all") return headers;
  const names = new Set(wanted.map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.has(name)));
}
