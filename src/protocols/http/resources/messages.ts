import { z } from "zod";
import type { ChangeCommand } from "../../../actors/account/requests.ts";
import type { AccountEvent, EventOf } from "../../../domain/account/events.ts";
import { countUids, eachUid, runOf, runsOfSorted, type UidRuns } from "../../../domain/account/uid-runs.ts";
import type { AccountId, MailboxId } from "../../../domain/ids.ts";
import { nothing } from "../answers.ts";
import { badInput, messageNotFound } from "../failure.ts";
import { accountId, flag, freeObject, mailboxId, moment, text, uid } from "../input/fields.ts";
import { readUidList } from "../input/uid-list.ts";
import { type Call, operation } from "../operation.ts";
import { granted } from "../refusals.ts";
import type { AllServices } from "../services.ts";
import { change } from "./mailboxes.ts";

const tag = "Messages";
const messagesPath = "/users/{user}/mailboxes/{mailbox}/messages";

const update = {
  user: accountId,
  mailbox: mailboxId,
  message: z.preprocess((value) => (typeof value === "number" ? String(value) : value), text(64 * 1024)),
  moveTo: mailboxId.optional(),
  seen: flag.optional(),
  deleted: flag.optional(),
  flagged: flag.optional(),
  draft: flag.optional(),
  expires: z.union([z.literal(false), z.literal("false"), moment]).optional(),
  metaData: freeObject.optional(),
};
type Update = z.output<z.ZodObject<typeof update>>;

const updated = z.object({
  id: z.array(z.tuple([z.number(), z.number()])).optional(),
  mailbox: z.string().optional(),
  updated: z.number().optional(),
});

export const updateMessage = operation({
  method: "PUT",
  path: `${messagesPath}/{message}`,
  id: "updateMessagePathParams",
  tag,
  summary: "Mark or move messages: one, a list or a range",
  access: { may: "update", what: "messages", whose: "own" },
  params: update,
  answer: updated,
  run: updateMessages,
});

export const updateMessageByBody = operation({
  method: "PUT",
  path: messagesPath,
  id: "updateMessage",
  tag,
  summary: "Mark or move messages: one, a list or a range",
  access: { may: "update", what: "messages", whose: "own" },
  params: update,
  answer: updated,
  run: updateMessages,
});

/** All in one log entry: nobody sees the messages marked and not yet moved, or some of them moved. */
async function updateMessages(params: Update, { services }: Call): Promise<z.input<typeof updated>> {
  const { user, mailbox, moveTo } = params;
  if (params.expires instanceof Date) throw badInput("expires", "cannot be a date: messages do not expire");
  if (params.metaData) throw badInput("metaData", "is not kept for messages");
  const named = readUidList(params.message);
  if (named === null) throw badInput("message", "must be a message id, a list of them or a range");
  const [added, removed] = flagsOf(params);
  if (added.length + removed.length === 0 && moveTo === undefined) {
    throw badInput("moveTo", "or a flag is required: there is nothing to update");
  }
  const uids = await existingMessages(services, user, mailbox, named);
  const of = { mailbox: { id: mailbox }, uids };
  const commands: ChangeCommand[] = [];
  if (added.length > 0) commands.push({ kind: "changeFlags", ...of, change: "add", flags: added });
  if (removed.length > 0) commands.push({ kind: "changeFlags", ...of, change: "remove", flags: removed });
  if (moveTo !== undefined) commands.push({ kind: "move", ...of, to: { id: moveTo } });
  const { events } = await change(services, user, { kind: "batch", commands });
  if (moveTo === undefined) return { updated: countUids(uids) };
  const moves = events.filter((event): event is EventOf<"moved"> => event.kind === "moved");
  const pairs = moves.flatMap(pairsOf);
  return { id: pairs, mailbox: moveTo as string, updated: pairs.length };
}

/** Flags to add and flags to remove. */
function flagsOf(params: Update): [added: string[], removed: string[]] {
  const wishes = [
    ["\\Seen", params.seen],
    ["\\Deleted", params.deleted],
    ["\\Flagged", params.flagged],
    ["\\Draft", params.draft],
  ] as const;
  const wished = (value: boolean) => wishes.filter(([, wish]) => wish === value).map(([flag]) => flag);
  return [wished(true), wished(false)];
}

/** Old and new UID of each message moved. */
function pairsOf({ uids, firstUid }: EventOf<"moved">): [number, number][] {
  return Array.from(eachUid(uids), (uid, at) => [uid, firstUid + at]);
}

export const deleteMessage = operation({
  method: "DELETE",
  path: `${messagesPath}/{message}`,
  id: "deleteMessage",
  tag,
  summary: "Delete a message for good",
  access: { may: "delete", what: "messages", whose: "own" },
  params: { user: accountId, mailbox: mailboxId, message: uid },
  answer: nothing,
  async run({ user, mailbox, message: uid }, { services }) {
    const command = { kind: "expunge", mailbox: { id: mailbox }, uids: runOf(uid), which: "any" } as const;
    const { events } = await change(services, user, command);
    if (expunged(events) === 0) throw messageNotFound();
    return {};
  },
});

export const deleteAllMessages = operation({
  method: "DELETE",
  path: messagesPath,
  id: "deleteMessagesInMailbox",
  tag,
  summary: "Delete all messages of a mailbox for good",
  access: { may: "delete", what: "messages", whose: "own" },
  // One log entry whatever the number: there is nothing to wait for, and no archive to skip.
  params: { user: accountId, mailbox: mailboxId, async: flag.default(false), skipArchive: flag.default(false) },
  answer: z.object({ deleted: z.number(), errors: z.number() }),
  async run({ user, mailbox }, { services }) {
    const command = { kind: "expunge", mailbox: { id: mailbox }, uids: "all", which: "any" } as const;
    const { events } = await change(services, user, command);
    return { deleted: expunged(events), errors: 0 };
  },
});

const expunged = (events: readonly AccountEvent[]) =>
  events.reduce((sum, event) => sum + (event.kind === "expunged" ? countUids(event.uids) : 0), 0);

/**
 * Those of `uids` that are there.
 *
 * @throws HttpFailure MessageNotFound where none is, NoSuchMailbox
 */
export async function existingMessages(
  services: AllServices,
  account: AccountId,
  mailbox: MailboxId,
  uids: UidRuns,
): Promise<UidRuns> {
  const found = granted(await services.accounts.ask(account, { kind: "readColumns", mailbox, uids, columns: [] }));
  if (found.uids.length === 0) throw messageNotFound();
  return runsOfSorted(found.uids);
}
