import { z } from "zod";
import type { Accounts } from "../../../actors/account/requests.ts";
import { runOf, runsOf, type UidRuns } from "../../../domain/account/uid-runs.ts";
import type { AccountId, MailboxId } from "../../../domain/ids.ts";
import { pageOf } from "../answers.ts";
import { pageFrame, startOf } from "../cursor.ts";
import { accountId, cursor, flag, mailboxId, pageSize, text } from "../input/fields.ts";
import { headersOf, headersWanted } from "../message/listing-headers.ts";
import { listingOf, messageListing, type Summary } from "../message/listing-view.ts";
import { type MessageKey, selectPage } from "../message/page-selection.ts";
import { operation } from "../operation.ts";
import { granted } from "../refusals.ts";
import { existingMailbox } from "./mailboxes.ts";

const key = z.tuple([z.number(), z.number()]) as z.ZodType<MessageKey>;
const seenBit = 1;

export const listMessages = operation({
  method: "GET",
  path: "/users/{user}/mailboxes/{mailbox}/messages",
  id: "getMessages",
  tag: "Messages",
  summary: "The messages of a mailbox by arrival, newest first",
  access: { may: "read", what: "messages", whose: "own" },
  params: {
    user: accountId,
    mailbox: mailboxId,
    unseen: flag.default(false),
    metaData: flag.default(false),
    threadCounters: flag.default(false),
    limit: pageSize,
    order: z.enum(["asc", "desc"], "must be one of [asc, desc]").default("desc"),
    next: cursor.optional(),
    previous: cursor.optional(),
    includeHeaders: z.union([z.boolean(), text(1024)], "must be a list of header names").default(false),
  },
  answer: pageOf(messageListing).extend({ specialUse: z.string().nullable() }),
  async run({ user, mailbox, unseen, metaData, limit, order, next, previous, includeHeaders }, { services }) {
    const { accounts } = services;
    const start = startOf({ next, previous }, key);
    const { specialUse } = await existingMailbox(services, user, { id: mailbox });
    const columns = granted(
      await accounts.ask(user, {
        kind: "readColumns",
        mailbox,
        uids: runOf(1, 0xffffffff),
        columns: unseen ? ["date", "flags"] : ["date"],
      }),
    );
    const listed = unseen ? unseenOnly(columns) : columns;
    const page = selectPage(listed, { order, start, limit });
    const uids = runsOf(page.uids);
    const wanted = headersWanted(includeHeaders);
    const [summaries, headers] = await Promise.all([
      summariesOf(accounts, user, mailbox, uids),
      wanted ? headersOf(accounts, user, mailbox, uids, wanted) : null,
    ]);
    const byUid = new Map(summaries.map((message) => [message.uid, message]));
    const results = page.uids
      .map((uid) => byUid.get(uid))
      .filter((message): message is Summary => message !== undefined) // expunged since
      .map((message) =>
        listingOf(message, mailbox, { metaData, ...(headers ? { headers: headers.get(message.uid) ?? {} } : {}) }),
      );
    return { total: listed.uids.length, ...pageFrame({ start, ...page }), specialUse, results };
  },
});

/** Bytes of summaries asked for at a time: those of a page by far, unless somebody has made them large. */
const pageBytes = 1024 * 1024;

async function summariesOf(
  accounts: Accounts,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidRuns,
): Promise<readonly Summary[]> {
  const found: Summary[] = [];
  let rest = uids;
  while (rest.length > 0) {
    const ask = { kind: "readSummaries", mailbox, uids: rest, maxBytes: pageBytes } as const;
    const page = granted(await accounts.ask(account, ask));
    found.push(...page.messages);
    rest = page.rest;
  }
  return found;
}

function unseenOnly(columns: { uids: Uint32Array; dates: Uint32Array; flags: Uint32Array }) {
  const unseen = (_: number, at: number) => (columns.flags[at]! & seenBit) === 0;
  return { uids: columns.uids.filter(unseen), dates: columns.dates.filter(unseen) };
}
