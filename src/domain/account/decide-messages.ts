import { type Account, findMailbox, type Mailbox, maxUid } from "./account.ts";
import type { CommandOf } from "./commands.ts";
import { sizeOf } from "./content.ts";
import { noSuch } from "./decide-mailboxes.ts";
import type { Flag } from "./events.ts";
import { flagChanger } from "./flag-changer.ts";
import { deleted, parseFlags, systemFlagNames } from "./flags.ts";
import { type HoldingLimits, overQuota, roomForDeparted, tooMany, tooScattered } from "./holding-limits.ts";
import { keptDate } from "./kept-date.ts";
import type { KeywordTable } from "./keyword-table.ts";
import { allUids, eachRow, presentAmong, stretches } from "./rows.ts";
import { accepted, type Ruling, refused } from "./ruling.ts";
import { countUids, runsOfSorted, type UidRuns } from "./uid-runs.ts";

export const maxKeywords = 1000;
/** Distinct combinations of keywords an account may have used. */
export const maxKeywordSets = 16_384;

export function append(account: Account, command: CommandOf<"append">, limits: HoldingLimits): Ruling {
  const mailbox = findMailbox(account, command.mailbox);
  if (!mailbox) return noSuch(command.mailbox);
  const flags = spellFlags(account.keywords, command.flags);
  if (!flags.ok) return flags.ruling;
  const size = sizeOf(command.content);
  const full = overQuota(account, size) ?? tooMany(account, mailbox, { more: 1 }, limits);
  if (full) return full;
  if (mailbox.uidNext >= maxUid) return refused({ kind: "uidsExhausted", path: mailbox.path });
  const internalDate = keptDate(command.internalDate);
  if (internalDate === null) return refused({ kind: "badDate" });
  return accepted([
    {
      kind: "appended",
      mailbox: mailbox.id,
      uid: mailbox.uidNext,
      message: command.message,
      size,
      internalDate,
      flags: flags.flags,
      content: command.content,
    },
  ]);
}

type Spelt =
  | { ok: true; bits: number; keywords: readonly Flag[]; flags: readonly Flag[] }
  | { ok: false; ruling: Ruling };

/** Flags in the account's own spelling, each once. */
function spellFlags(table: KeywordTable, flags: readonly Flag[]): Spelt {
  const parsed = parseFlags(flags);
  if ("bad" in parsed) return { ok: false, ruling: refused({ kind: "badFlag", flag: parsed.bad }) };
  if (parsed.keywords.length === 0) {
    return { ok: true, bits: parsed.bits, keywords: [], flags: systemFlagNames(parsed.bits) };
  }
  const spelt = new Map<string, Flag>();
  for (const keyword of parsed.keywords) {
    if (!spelt.has(keyword.toLowerCase())) spelt.set(keyword.toLowerCase(), table.spelling(keyword) ?? keyword);
  }
  const keywords = [...spelt.values()];
  const fresh = keywords.filter((keyword) => table.spelling(keyword) === undefined).length;
  if (fresh > 0 && table.names().length + fresh > maxKeywords) {
    return { ok: false, ruling: refused({ kind: "tooManyKeywords", limit: maxKeywords }) };
  }
  if (table.count >= maxKeywordSets) {
    return { ok: false, ruling: refused({ kind: "tooManyKeywords", limit: maxKeywords }) };
  }
  return { ok: true, bits: parsed.bits, keywords, flags: [...systemFlagNames(parsed.bits), ...keywords] };
}

export function* changeFlags(account: Account, command: CommandOf<"changeFlags">): Generator<void, Ruling> {
  const mailbox = findMailbox(account, command.mailbox);
  if (!mailbox) return noSuch(command.mailbox);
  const flags = spellFlags(account.keywords, command.flags);
  if (!flags.ok) return flags.ruling;
  const changer = flagChanger(account.keywords, command.change, flags.bits, flags.keywords);
  const limit = command.unchangedSince;
  const changed: number[] = [];
  const modified: number[] = [];
  for (const { chunk, start, end } of stretches(mailbox, command.uids)) {
    yield;
    const { flags: words, modseq } = chunk.marks;
    for (let at = start; at < end; at++) {
      if (limit !== undefined && modseq[at]! > limit) modified.push(chunk.fixed.uid[at]!);
      else if (changer.apply(words[at]!) !== words[at]) changed.push(chunk.fixed.uid[at]!);
    }
  }
  const left = limit === undefined ? undefined : runsOfSorted(modified);
  if (changed.length === 0) return accepted([], left);
  if (changer.table().count > maxKeywordSets) return refused({ kind: "tooManyKeywords", limit: maxKeywords });
  const uids = runsOfSorted(changed);
  const scattered = tooScattered(uids);
  if (scattered) return scattered;
  return accepted(
    [{ kind: "flagsChanged", mailbox: mailbox.id, uids, change: command.change, flags: flags.flags }],
    left,
  );
}

export function copyOrMove(
  account: Account,
  command: CommandOf<"copy"> | CommandOf<"move">,
  limits: HoldingLimits,
): Ruling {
  const from = findMailbox(account, command.mailbox);
  if (!from) return noSuch(command.mailbox);
  const to = findMailbox(account, command.to);
  if (!to) return noSuch(command.to);
  const { uids, messages, bytes } = presentAmong(from, command.uids);
  if (messages === 0) return accepted([]);
  const fresh = command.kind === "copy" ? messages : 0;
  // What moves within its own mailbox makes it no larger.
  const more = command.kind === "move" && from.id === to.id ? 0 : messages;
  const full =
    tooScattered(uids) ??
    (fresh > 0 ? overQuota(account, bytes) : null) ??
    tooMany(account, to, { more, fresh }, limits);
  if (full) return full;
  if (to.uidNext + messages > maxUid) return refused({ kind: "uidsExhausted", path: to.path });
  const kind = command.kind === "copy" ? "copied" : "moved";
  return accepted([{ kind, mailbox: from.id, uids, to: to.id, firstUid: to.uidNext }]);
}

export function expunge(account: Account, command: CommandOf<"expunge">, limits: HoldingLimits): Ruling {
  const mailbox = findMailbox(account, command.mailbox);
  if (!mailbox) return noSuch(command.mailbox);
  const uids = uidsToExpunge(mailbox, command);
  if (uids.length === 0) return accepted([]);
  const scattered = tooScattered(uids);
  if (scattered) return scattered;
  return accepted([
    ...roomForDeparted(account, countUids(uids), limits),
    { kind: "expunged", mailbox: mailbox.id, uids },
  ]);
}

function uidsToExpunge(mailbox: Mailbox, command: CommandOf<"expunge">): UidRuns {
  if (command.which === "any" && command.uids === "all") return allUids(mailbox);
  if (command.which === "deleted" && mailbox.deleted === 0) return [];
  const gone: number[] = [];
  eachRow(mailbox, command.uids === "all" ? [1, maxUid] : command.uids, (chunk, at) => {
    if (command.which === "any" || chunk.marks.flags[at]! & deleted) gone.push(chunk.fixed.uid[at]!);
  });
  return runsOfSorted(gone);
}
