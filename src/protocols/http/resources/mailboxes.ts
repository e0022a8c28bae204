import { z } from "zod";
import type { ChangeCommand, MailboxSummary } from "../../../actors/account/requests.ts";
import { parsePath } from "../../../domain/account/mailbox-path.ts";
import type { AccountId, MailboxId, RequestId } from "../../../domain/ids.ts";
import { nothing } from "../answers.ts";
import { badInput, HttpFailure, userNotFound } from "../failure.ts";
import { accountId, flag, integer, mailboxId, text } from "../input/fields.ts";
import { operation } from "../operation.ts";
import { granted, refusalFailure } from "../refusals.ts";
import type { AllServices } from "../services.ts";

const tag = "Mailboxes";
const path = text(16 * 1024).min(1, "is not allowed to be empty");

const mailboxView = z.object({
  id: z.string(),
  name: z.string(),
  path: z.string(),
  specialUse: z.string().nullable(),
  modifyIndex: z.number(),
  subscribed: z.boolean(),
  hidden: z.boolean(),
  encryptMessages: z.boolean(),
  total: z.number().optional(),
  unseen: z.number().optional(),
  size: z.number().optional(),
});

export const listMailboxes = operation({
  method: "GET",
  path: "/users/{user}/mailboxes",
  id: "getMailboxes",
  tag,
  summary: "The mailboxes of a user",
  access: { may: "read", what: "mailboxes", whose: "own" },
  params: {
    user: accountId,
    specialUse: flag.default(false),
    showHidden: flag.default(false),
    counters: flag.default(false),
    sizes: flag.default(false),
  },
  answer: z.object({ results: z.array(mailboxView) }),
  async run({ user, specialUse, counters, sizes }, { services }) {
    const results = (await mailboxesOf(services, user))
      .filter((mailbox) => !specialUse || mailbox.specialUse !== null)
      .toSorted(byImportance)
      .map((mailbox) => viewOf(mailbox, { counters, sizes }));
    return { results };
  },
});

/** What other servers keep for a mailbox and Eider does not: refused rather than forgotten. */
const notKept = { hidden: flag.optional(), retention: integer(0).optional(), encryptMessages: flag.optional() };

export const createMailbox = operation({
  method: "POST",
  path: "/users/{user}/mailboxes",
  id: "createMailbox",
  tag,
  summary: "Create a mailbox, and its parents where they are missing",
  access: { may: "create", what: "mailboxes", whose: "own" },
  params: { user: accountId, path, ...notKept },
  answer: z.object({ id: z.string() }),
  async run({ user, path, ...rest }, { services }) {
    refuseNotKept(rest);
    // Applications make folders for people to see: clients that show what is subscribed to are to show them.
    const { events } = await change(services, user, { kind: "createMailbox", path, subscribe: true });
    const created = events.findLast((event) => event.kind === "mailboxCreated");
    if (!created) throw new HttpFailure(400, "MailboxExistsError", "This mailbox already exists");
    return { id: created.mailbox as string };
  },
});

export const getMailbox = operation({
  method: "GET",
  path: "/users/{user}/mailboxes/{mailbox}",
  id: "getMailbox",
  tag,
  summary: "One mailbox, by its id, or by its path as …/mailboxes/resolve?path=…",
  access: { may: "read", what: "mailboxes", whose: "own" },
  params: {
    user: accountId,
    mailbox: z.union([z.literal("resolve"), mailboxId], "must be 24 hexadecimal digits or resolve"),
    path: path.optional(),
  },
  answer: mailboxView,
  async run({ user, mailbox, path }, { services }) {
    if (mailbox === "resolve" && path === undefined) throw badInput("path", "is required");
    const found = mailbox === "resolve" ? { path: path! } : { id: mailbox as MailboxId };
    return viewOf(await existingMailbox(services, user, found), { counters: true, sizes: true });
  },
});

export const updateMailbox = operation({
  method: "PUT",
  path: "/users/{user}/mailboxes/{mailbox}",
  id: "updateMailbox",
  tag,
  summary: "Rename a mailbox with its children, or change its subscription",
  access: { may: "update", what: "mailboxes", whose: "own" },
  params: { user: accountId, mailbox: mailboxId, path: path.optional(), subscribed: flag.optional(), ...notKept },
  answer: nothing,
  async run({ user, mailbox: id, path, subscribed, ...rest }, { services }) {
    refuseNotKept(rest);
    const mailbox = await existingMailbox(services, user, { id });
    const renamed = path !== undefined && !isNameOf(mailbox, path);
    if (renamed && mailbox.path === "INBOX") {
      throw new HttpFailure(400, "DisallowedMailboxMethod", "Mailbox update failed with code DisallowedMailboxMethod");
    }
    const commands: ChangeCommand[] = [];
    if (renamed) commands.push({ kind: "renameMailbox", from: { id }, path, subscribe: true });
    if (subscribed !== undefined) {
      commands.push({ kind: subscribed ? "subscribe" : "unsubscribe", path: path ?? mailbox.path });
    }
    if (commands.length > 0) await change(services, user, { kind: "batch", commands });
    return {};
  },
});

export const deleteMailbox = operation({
  method: "DELETE",
  path: "/users/{user}/mailboxes/{mailbox}",
  id: "deleteMailbox",
  tag,
  summary: "Delete a mailbox and the messages in it",
  access: { may: "delete", what: "mailboxes", whose: "own" },
  params: { user: accountId, mailbox: mailboxId },
  answer: nothing,
  async run({ user, mailbox: id }, { services }) {
    const mailbox = await existingMailbox(services, user, { id });
    await change(services, user, {
      kind: "batch",
      commands: [
        { kind: "deleteMailbox", mailbox: { id } },
        { kind: "unsubscribe", path: mailbox.path },
      ],
    });
    return {};
  },
});

/** @throws HttpFailure UserNotFound */
async function mailboxesOf(services: AllServices, account: AccountId): Promise<readonly MailboxSummary[]> {
  const { mailboxes } = granted(await services.accounts.ask(account, { kind: "mailboxes" }));
  // An account that is open has its INBOX; one that never was is asked about only where there is doubt.
  if (mailboxes.length === 0 && !(await services.directory.userById(account))) throw userNotFound();
  return mailboxes;
}

/** @throws HttpFailure NoSuchMailbox, UserNotFound */
export async function existingMailbox(
  services: AllServices,
  account: AccountId,
  wanted: { id: MailboxId } | { path: string },
): Promise<MailboxSummary> {
  const mailboxes = await mailboxesOf(services, account);
  const is = "id" in wanted ? wanted.id : parsePath(wanted.path);
  const found = mailboxes.find(({ id, path }) =>
    typeof is === "string" ? id === is : "path" in is && path === is.path,
  );
  if (!found) throw refusalFailure({ kind: "noSuchMailbox", path: "" });
  return found;
}

/** Whether a client's spelling of a path is this mailbox's. */
function isNameOf(mailbox: MailboxSummary, path: string): boolean {
  const parsed = parsePath(path);
  return "path" in parsed && parsed.path === mailbox.path;
}

/** Makes a change durable, under a request id of its own unless one is given. */
export async function change(
  services: AllServices,
  account: AccountId,
  command: ChangeCommand,
  request = services.randomHex(12) as RequestId,
) {
  return granted(await services.accounts.ask(account, { kind: "change", request, command }));
}

function refuseNotKept(params: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(notKept)) {
    if (params[name]) throw badInput(name, "is not kept by this version");
  }
}

function viewOf(mailbox: MailboxSummary, show: { counters: boolean; sizes: boolean }) {
  return {
    id: mailbox.id as string,
    name: mailbox.path.slice(mailbox.path.lastIndexOf("/") + 1),
    path: mailbox.path,
    specialUse: mailbox.specialUse,
    modifyIndex: mailbox.highestModSeq,
    subscribed: mailbox.subscribed,
    hidden: false,
    encryptMessages: false,
    ...(show.counters ? { total: mailbox.messages, unseen: mailbox.unseen } : {}),
    ...(show.sizes ? { size: mailbox.size } : {}),
  };
}

const rank = (mailbox: MailboxSummary) => (mailbox.path === "INBOX" ? 0 : mailbox.specialUse !== null ? 1 : 2);
const byImportance = (a: MailboxSummary, b: MailboxSummary) =>
  rank(a) - rank(b) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
