import { type Place, placeOf, placeSize } from "../actors/account/message-place.ts";
import type { Accounts, ChangeCommand, MessageSource, Outcome, Refused } from "../actors/account/requests.ts";
import { inlineLimit } from "../actors/account/surroundings.ts";
import type { Account } from "../domain/account/account.ts";
import type { LogEntry } from "../domain/account/events.ts";
import type { RefusalKind } from "../domain/account/refusal.ts";
import type { AccountId, MessageId, RequestId } from "../domain/ids.ts";
import type { BodyPlace } from "../store/log.ts";
import type { BaseReader } from "./base-file.ts";
import { readBlob } from "./blob-source.ts";
import { RollBackRefused } from "./refused.ts";
import { type LiveFolder, planRollBack, type RollBackPlan } from "./roll-back-plan.ts";
import { flagNames, wantedFolders } from "./wanted-folders.ts";

export type RollBack = {
  readonly accounts: Accounts;
  readonly account: AccountId;
  /** The account as it shall be, and what led there. */
  readonly wanted: Account;
  readonly base: BaseReader | null;
  readonly entries: () => Iterable<LogEntry>;
  readonly root: string;
  /** Unlike any other. */
  readonly newName: () => string;
};

/** Clients and deliveries may get in between plan and change; then what is left is planned again. */
const mostRounds = 8;

/**
 * Puts an account that is being served back to what it was, by ordinary changes, which its sessions are told of as of
 * any other. Brings the missing messages first and does all else in one change, so that whoever looks sees the account
 * before or after, and at most some messages more. Answers how many messages were brought.
 */
export async function rollBack(options: RollBack): Promise<number> {
  const { accounts, account, wanted } = options;
  const folders = wantedFolders(wanted);
  /** Messages that were brought have a new id; here is which one they had. */
  const aliases: Aliases = new Map();
  let brought = 0;
  for (let round = 1; ; round++) {
    const plan = planRollBack(folders, await liveFolders(accounts, account, aliases));
    const { create, bring, change: rest } = plan;
    const commands = [...rest, ...(await subscriptionChanges(accounts, account, wanted))];
    if (create.length + bring.length + commands.length === 0) return brought;
    if (round > mostRounds)
      throw new RollBackRefused("the account keeps changing: stop what changes it, and try again");
    for (const { path, specialUse } of create) {
      const command = { kind: "createMailbox", path, ...(specialUse ? { specialUse } : {}), subscribe: true } as const;
      await change(options, command, ["mailboxExists"]);
    }
    brought += await bringMessages(options, bring, aliases);
    // What another change has made impossible is planned again.
    if (commands.length > 0) await change(options, { kind: "batch", commands }, ["mailboxExists", "noSuchMailbox"]);
  }
}

async function change(
  { accounts, account, newName }: RollBack,
  command: ChangeCommand,
  harmless: readonly RefusalKind[] = [],
): Promise<Outcome> {
  const request = `restore:${newName()}` as RequestId;
  const outcome: Outcome = await accounts.ask(account, { kind: "change", request, command });
  if (!outcome.ok && !harmless.includes(outcome.refusal.kind)) throw refusedChange(outcome);
  return outcome;
}

function refusedChange({ refusal }: Refused): RollBackRefused {
  return new RollBackRefused(`the account refused a change (${refusal.kind})`);
}

type Aliases = Map<MessageId, MessageId>;

async function liveFolders(
  accounts: Accounts,
  account: AccountId,
  aliases: ReadonlyMap<MessageId, MessageId>,
): Promise<LiveFolder[]> {
  const list = await accounts.ask(account, { kind: "mailboxes" });
  if (!list.ok) throw refusedChange(list);
  const folders: LiveFolder[] = [];
  for (const { id, path, specialUse } of list.mailboxes) {
    const columns = ["flags", "message"] as const;
    const rows = await accounts.ask(account, { kind: "readColumns", mailbox: id, uids: [1, 0xffff_ffff], columns });
    if (!rows.ok) continue;
    const messages = Array.from(rows.uids, (uid, at) => {
      const message = Buffer.from(rows.messages.subarray(at * 12, at * 12 + 12)).toString("hex") as MessageId;
      const flags = flagNames(rows.flags[at]!, (index) => rows.keywordSets[index] ?? []);
      return { uid, message: aliases.get(message) ?? message, flags };
    });
    folders.push({ id, path, specialUse, messages });
  }
  return folders;
}

async function subscriptionChanges(accounts: Accounts, account: AccountId, wanted: Account): Promise<ChangeCommand[]> {
  const list = await accounts.ask(account, { kind: "mailboxes" });
  if (!list.ok) throw refusedChange(list);
  const there = new Set(list.subscriptions);
  return [
    ...[...wanted.subscriptions]
      .filter((path) => !there.has(path))
      .map((path) => ({ kind: "subscribe", path }) as const),
    ...[...there]
      .filter((path) => !wanted.subscriptions.has(path))
      .map((path) => ({ kind: "unsubscribe", path }) as const),
  ];
}

/** Appends messages from the backup, in the order in which they once came. */
async function bringMessages(options: RollBack, bring: RollBackPlan["bring"], aliases: Aliases): Promise<number> {
  if (bring.length === 0) return 0;
  const due = new Map<MessageId, RollBackPlan["bring"][number][]>();
  for (const each of bring) due.set(each.message, [...(due.get(each.message) ?? []), each]);
  let brought = 0;
  const bringOne = async (message: MessageId, place: Place, bodyOf: BodyOf): Promise<void> => {
    const wanted = due.get(message) ?? [];
    due.delete(message);
    for (const { folder, flags, internalDate } of wanted) {
      const source = await staged(options, place, bodyOf);
      const append = { kind: "append", mailbox: { path: folder }, flags, internalDate, source } as const;
      const outcome = await change(options, append);
      for (const made of outcome.ok ? outcome.events : [])
        if (made.kind === "appended") aliases.set(made.message, message);
      brought += 1;
    }
  };
  const { base } = options;
  if (base) {
    // What came with the base's own entry comes below.
    for (const [message, { place, seq }] of base.loaded.unrecorded)
      if (seq < base.base.seq) await bringOne(message, place, (at) => base.body(at));
  }
  for (const entry of options.entries()) {
    for (const event of entry.transactions.flatMap(({ events }) => events)) {
      if (event.kind === "appended")
        await bringOne(event.message, placeOf(event.content, entry.seq), ({ index }) => entry.bodies[index] ?? null);
    }
  }
  return brought;
}

/** The message as the account takes it: large ones in pieces. */
async function staged(options: RollBack, place: Place, bodyOf: BodyOf): Promise<MessageSource> {
  const { accounts, account, root, newName } = options;
  if (placeSize(place) <= inlineLimit) {
    return { kind: "bytes", bytes: new Uint8Array(Buffer.concat([...piecesOf(root, place, bodyOf)])) };
  }
  const upload = newName();
  const begun = await accounts.ask(account, { kind: "uploadBegin", upload });
  if (!begun.ok) throw refusedChange(begun);
  for (const bytes of piecesOf(root, place, bodyOf)) {
    const taken = await accounts.ask(account, { kind: "uploadWrite", upload, bytes: new Uint8Array(bytes) });
    if (!taken.ok) throw refusedChange(taken);
  }
  return { kind: "upload", upload };
}

/** The bytes of a body of the log. */
type BodyOf = (place: BodyPlace) => Uint8Array | null;

function* piecesOf(root: string, place: Place, bodyOf: BodyOf): Generator<Uint8Array> {
  for (const piece of place) {
    if (piece.kind === "literal") yield piece.bytes;
    else if (piece.kind === "inline") {
      const body = bodyOf(piece);
      if (body?.length !== piece.size) throw new RollBackRefused("the backup has not all bytes of a message");
      yield body;
    } else yield* readBlob(root, piece.blob, piece.size);
  }
}
