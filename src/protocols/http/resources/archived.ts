import { z } from "zod";
import type { DepartedSummaries, RestoreWish } from "../../../actors/account/requests.ts";
import type { AccountId, MailboxId, RequestId } from "../../../domain/ids.ts";
import { pageOf } from "../answers.ts";
import { pageFrame, startOf } from "../cursor.ts";
import { messageNotFound } from "../failure.ts";
import { accountId, cursor, flag, integer, mailboxId, moment, pageSize, text } from "../input/fields.ts";
import { headersWanted, parseHeader, picked } from "../message/listing-headers.ts";
import { listingOf, messageListing } from "../message/listing-view.ts";
import { operation } from "../operation.ts";
import { granted } from "../refusals.ts";
import type { AllServices } from "../services.ts";
import { existingMailbox } from "./mailboxes.ts";

/** Messages that were expunged, alone or with their mailbox, and are kept for `[limits] retention`. */

const tag = "Archive";
const path = text(16 * 1024).min(1, "is not allowed to be empty");
/** The number of a departure: it ascends, and is given once in an account. */
const number = integer(1, 0xffffffff);
const key = z.number().int().min(0) as z.ZodType<number>;
/** Messages of a list that are read together: each may have a summary and a header of half a megabyte. */
const readTogether = 25;
/** Messages that come back in one step. */
const atOnce = 10_000;

const archivedListing = messageListing.extend({ archived: z.string(), path: z.string() });

export const listArchived = operation({
  method: "GET",
  path: "/users/{user}/archived/messages",
  id: "getArchivedMessages",
  tag,
  summary: "Messages that were deleted and can be restored, the last deleted first",
  access: { may: "read", what: "messages", whose: "own" },
  params: {
    user: accountId,
    mailbox: mailboxId.optional(),
    start: moment.optional(),
    metaData: flag.default(false),
    threadCounters: flag.default(false),
    limit: pageSize,
    order: z.enum(["asc", "desc"], "must be one of [asc, desc]").default("desc"),
    next: cursor.optional(),
    previous: cursor.optional(),
    includeHeaders: z.union([z.boolean(), text(1024)], "must be a list of header names").default(false),
  },
  answer: pageOf(archivedListing),
  async run({ user, mailbox, start: since, metaData, limit, order, next, previous, includeHeaders }, { services }) {
    const start = startOf({ next, previous }, key);
    const from = since?.getTime() ?? 0;
    const list = granted(await services.accounts.ask(user, { kind: "listDeparted", since: from }));
    const numbers = Array.from(list.numbers).filter(
      (_, at) => mailbox === undefined || list.mailboxes[list.from[at]!]!.id === mailbox,
    );
    const page = pageOfNumbers(order === "asc" ? numbers : numbers.reverse(), { order, start, limit });
    const wanted = headersWanted(includeHeaders);
    const results: z.input<typeof archivedListing>[] = [];
    for (let at = 0; at < page.shown.length; at += readTogether) {
      const numbers = page.shown.slice(at, at + readTogether);
      const ask = { kind: "readDeparted", numbers, headers: wanted !== null, since: from } as const;
      for (const message of granted(await services.accounts.ask(user, ask)).messages) {
        const headers = wanted ? { headers: headersIn(message, wanted) } : {};
        results.push({
          ...listingOf(message, message.mailbox, { metaData, ...headers }),
          id: message.number,
          archived: new Date(message.departed).toISOString(),
          path: message.path,
        });
      }
    }
    return { total: numbers.length, ...pageFrame({ start, ...page }), results };
  },
});

/** The page of `limit` numbers next to `start`, of numbers in the order they are shown. */
function pageOfNumbers(
  numbers: readonly number[],
  page: {
    readonly order: "asc" | "desc";
    readonly start: { readonly way: "next" | "previous"; readonly key: number } | null;
    readonly limit: number;
  },
) {
  const { order, start, limit } = page;
  const isBehind = (each: number, than: number) => (order === "asc" ? each > than : each < than);
  let from = 0;
  let to = numbers.length;
  if (start?.way === "next") {
    while (from < numbers.length && !isBehind(numbers[from]!, start.key)) from++;
    to = from + limit;
  } else if (start?.way === "previous") {
    while (to > 0 && !isBehind(start.key, numbers[to - 1]!)) to--;
    from = Math.max(0, to - limit);
  } else to = limit;
  const shown = numbers.slice(from, to);
  const ends = shown.length > 0 ? { first: shown[0]!, last: shown[shown.length - 1]! } : null;
  return { shown, ends, before: from > 0, after: from + shown.length < numbers.length };
}

function headersIn({ head }: DepartedSummaries["messages"][number], wanted: readonly string[] | "all") {
  const bytes = Buffer.from(head ?? new Uint8Array(0));
  const end = bytes.indexOf("\r\n\r\n");
  return picked(parseHeader(end < 0 ? bytes : bytes.subarray(0, end + 2)), wanted);
}

export const listDeletedMailboxes = operation({
  method: "GET",
  path: "/users/{user}/archived/mailboxes",
  id: "getArchivedMailboxes",
  tag,
  summary: "Mailboxes that were deleted, and all from which messages can be restored",
  access: { may: "read", what: "mailboxes", whose: "own" },
  params: { user: accountId, start: moment.optional() },
  answer: z.object({
    results: z.array(
      z.object({
        id: z.string(),
        path: z.string(),
        /** Messages that can be restored. */
        total: z.number(),
        /** When the mailbox was deleted; false where it is there. */
        deleted: z.union([z.string(), z.literal(false)]),
      }),
    ),
  }),
  async run({ user, start }, { services }) {
    const since = start?.getTime() ?? 0;
    const list = granted(await services.accounts.ask(user, { kind: "listDeparted", since }));
    const deleted = new Map(list.deleted.map(({ id, at }) => [id, new Date(at).toISOString()]));
    const totals = new Map<MailboxId, number>();
    for (const from of list.from) {
      const { id } = list.mailboxes[from]!;
      totals.set(id, (totals.get(id) ?? 0) + 1);
    }
    const mailboxes = new Map([...list.mailboxes, ...list.deleted].map(({ id, path }) => [id, path]));
    const results = [...mailboxes].map(([id, path]) => {
      return { id: id as string, path, total: totals.get(id) ?? 0, deleted: deleted.get(id) ?? (false as const) };
    });
    return { results: results.sort((a, b) => (a.path < b.path ? -1 : 1)) };
  },
});

export const restoreArchived = operation({
  method: "POST",
  path: "/users/{user}/archived/restore",
  id: "restoreMessages",
  tag,
  summary: "Restore deleted messages and mailboxes of a time to where they were",
  access: { may: "update", what: "messages", whose: "own" },
  params: {
    user: accountId,
    start: moment,
    end: moment,
    /** Only what was in this mailbox. */
    mailbox: mailboxId.optional(),
    /** A path that all of it goes to. */
    into: path.optional(),
  },
  answer: z.object({ task: z.string(), restored: z.number(), mailboxes: z.array(z.string()) }),
  async run({ user, start, end, mailbox, into }, { services }) {
    const task = services.randomHex(12);
    const mailboxes: string[] = [];
    let restored = 0;
    for (let step = 0; ; step++) {
      const answer = await restore(services, user, {
        request: `${task} ${step}` as RequestId,
        start: start.getTime(),
        end: end.getTime(),
        ...(mailbox === undefined ? {} : { from: [mailbox] }),
        ...(into === undefined ? {} : { into }),
        most: atOnce,
      });
      restored += answer.messages.length;
      mailboxes.push(...answer.mailboxes);
      if (answer.rest === 0 || answer.messages.length === 0) return { task, restored, mailboxes };
    }
  },
});

export const restoreArchivedMessage = operation({
  method: "POST",
  path: "/users/{user}/archived/messages/{message}/restore",
  id: "restoreMessage",
  tag,
  summary: "Restore one deleted message to where it was, or to another mailbox",
  access: { may: "update", what: "messages", whose: "own" },
  params: { user: accountId, message: number, mailbox: mailboxId.optional() },
  answer: z.object({ mailbox: z.string(), id: z.number() }),
  async run({ user, message, mailbox }, { services }) {
    const into = mailbox === undefined ? undefined : (await existingMailbox(services, user, { id: mailbox })).path;
    const request = services.randomHex(12) as RequestId;
    const wish = { request, numbers: [message], most: 1, ...(into === undefined ? {} : { into }) };
    const [restored] = (await restore(services, user, wish)).messages;
    if (!restored) throw messageNotFound();
    return { mailbox: restored.mailbox as string, id: restored.uid };
  },
});

async function restore({ accounts }: AllServices, account: AccountId, wish: RestoreWish) {
  return granted(await accounts.ask(account, { kind: "restoreDeparted", ...wish }));
}
