import type { Command } from "commander";
import { parsePath } from "../../domain/account/mailbox-path.ts";
import { type Api, connectApi } from "../api.ts";
import type { Console } from "../console.ts";
import { CommandFailure, WrongUsage } from "../failure.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { table } from "../table.ts";
import { userId } from "../users.ts";

type UndeleteOptions = CommonOptions & {
  readonly since?: string;
  readonly mailbox?: string;
  readonly into?: string;
  readonly list?: boolean;
  readonly dryRun?: boolean;
};

/** A mailbox that something can be restored from; `deleted`: when it was, false where it is there. */
type ArchivedMailbox = {
  readonly id: string;
  readonly path: string;
  readonly total: number;
  readonly deleted: string | false;
};
type ArchivedMessage = {
  readonly id: number;
  readonly mailbox: string;
  readonly path: string;
  readonly archived: string;
  readonly from?: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly size: number;
};

/** `eider undelete`: what was expunged or deleted comes back. */
export function addUndelete(program: Command, console: Console): void {
  withCommonOptions(program.command("undelete <address>"), "to the server")
    .description("restore deleted messages and folders to where they were; what is there already is left out")
    .option("--since <time>", "only what was deleted since: 2026-01-31, 2026-01-31T10:00Z, or 90m, 12h, 3d ago")
    .option("--mailbox <name>", "only what was deleted from this folder, or with it")
    .option("--into <name>", "put all of it into this folder; it is made where it is missing")
    .option("--list", "show the messages that can be restored, and restore nothing")
    .option("--dry-run", "say what would be restored, and restore nothing")
    .action(async (address: string, options: UndeleteOptions) => {
      const start = options.since === undefined ? new Date(0) : momentOf(options.since);
      const api = connectApi(options, console);
      const user = await userId(api, address);
      const mailboxes = await archivedMailboxes(api, user, start, options.mailbox);
      if (options.list) return showMessages(api, user, start, options, mailboxes, console);
      if (options.dryRun) return showPlan(mailboxes, options, console);
      await restore(api, user, start, options, mailboxes, console);
    });
}

/** A time, or how long ago. */
function momentOf(text: string): Date {
  const ago = /^(\d+)([smhd])$/.exec(text.trim());
  const unit = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[ago?.[2] ?? ""];
  const moment = ago && unit ? new Date(Date.now() - Number(ago[1]) * unit) : new Date(text);
  if (Number.isNaN(moment.getTime())) throw new WrongUsage(`--since takes a time, or how long ago, not ${text}`);
  return moment;
}

async function archivedMailboxes(api: Api, user: string, start: Date, wanted?: string): Promise<ArchivedMailbox[]> {
  const path = `/users/${user}/archived/mailboxes?start=${start.toISOString()}`;
  const { results } = await api.get<{ results: ArchivedMailbox[] }>(path);
  if (wanted === undefined) return results;
  const name = parsePath(wanted);
  if ("why" in name) throw new WrongUsage(`--mailbox ${wanted} cannot be a folder: ${name.why}`);
  return results.filter((mailbox) => mailbox.path === name.path);
}

async function showMessages(
  api: Api,
  user: string,
  start: Date,
  { json, mailbox }: UndeleteOptions,
  mailboxes: readonly ArchivedMailbox[],
  console: Console,
): Promise<void> {
  const ids = new Set(mailboxes.map(({ id }) => id));
  const messages: ArchivedMessage[] = [];
  type Page = { results: ArchivedMessage[]; nextCursor: string | false };
  for (let next: string | false = ""; next !== false; ) {
    const cursor: string = next === "" ? "" : `&next=${encodeURIComponent(next)}`;
    const path: string = `/users/${user}/archived/messages?limit=250&start=${start.toISOString()}${cursor}`;
    const page: Page = await api.get<Page>(path);
    for (const message of page.results) if (mailbox === undefined || ids.has(message.mailbox)) messages.push(message);
    next = page.nextCursor;
  }
  if (json) return console.out.write(`${JSON.stringify({ messages, mailboxes })}\n`);
  const rows = messages.map(({ id, archived, path, from, subject, size }) => {
    return [String(id), archived, path, from?.address ?? "", subject, String(size)];
  });
  console.out.write(table(["NUMBER", "DELETED", "FOLDER", "FROM", "SUBJECT", "SIZE"], rows));
}

function showPlan(mailboxes: readonly ArchivedMailbox[], { json, into }: UndeleteOptions, console: Console): void {
  if (json) return console.out.write(`${JSON.stringify({ mailboxes })}\n`);
  const rows = mailboxes.map(({ path, total, deleted }) => [path, String(total), into ?? path, deleted || ""]);
  console.out.write(table(["FOLDER", "MESSAGES", "WOULD GO TO", "FOLDER DELETED"], rows));
}

async function restore(
  api: Api,
  user: string,
  start: Date,
  options: UndeleteOptions,
  mailboxes: readonly ArchivedMailbox[],
  console: Console,
): Promise<void> {
  if (options.mailbox !== undefined && mailboxes.length === 0) {
    throw new CommandFailure(
      `Nothing was deleted from ${options.mailbox}`,
      "or it is restored already, or was deleted too long ago",
      "--list shows all that can be restored",
    );
  }
  // Of one name there may have been several, one after the other.
  const parts = options.mailbox === undefined ? [{}] : mailboxes.map(({ id }) => ({ mailbox: id }));
  const into = options.into === undefined ? {} : { into: options.into };
  const done = { restored: 0, mailboxes: [] as string[] };
  for (const part of parts) {
    const wish = { start: start.toISOString(), end: new Date(Date.now() + dayAhead).toISOString(), ...part, ...into };
    const answer = await api.send<typeof done>("POST", `/users/${user}/archived/restore`, wish);
    done.restored += answer.restored;
    done.mailboxes.push(...answer.mailboxes);
  }
  if (options.json) return console.out.write(`${JSON.stringify(done)}\n`);
  const folders = done.mailboxes.length === 0 ? "" : `, and made ${counted(done.mailboxes.length, "folder")}`;
  const nothing =
    done.restored + done.mailboxes.length === 0
      ? ": nothing of this can be restored, for it is there already or was deleted too long ago"
      : "";
  console.out.write(`Restored ${counted(done.restored, "message")}${folders}${nothing}\n`);
}

/** What the server's clock calls now may be later than ours. */
const dayAhead = 86_400_000;

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
