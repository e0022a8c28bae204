import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { type Api, ApiRefusal, connectApi } from "../api.ts";
import type { Console } from "../console.ts";
import { CommandFailure, WrongUsage } from "../failure.ts";
import { PassedOver } from "../mail/held-directory.ts";
import type { Left, MailMessage } from "../mail/mail-file.ts";
import { type Known, MaildirWriter } from "../mail/write-maildir.ts";
import { MboxWriter } from "../mail/write-mbox.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { Progress } from "../progress.ts";
import { mailboxesOf, messageSource, messagesIn, type RemoteMailbox } from "../remote-mailboxes.ts";
import { userId } from "../users.ts";

type Folder = {
  /** Answers the keywords that the format has no place for. */
  write(uid: number, message: MailMessage): readonly string[];
  /** Was exported by an earlier run. */
  has?(message: Known): boolean;
  close(): void;
};
type Writer = { folder(path: string, mailbox: string): Folder };
const writers: Readonly<Record<string, (root: string) => Writer>> = {
  maildir: (root) => new MaildirWriter(root),
  mbox: (root) => new MboxWriter(root),
};

/** `eider export`: mail from a running server into files. */
export function addExport(program: Command, console: Console): void {
  withCommonOptions(program.command("export"), "to the server")
    .description("take mail out, the same bytes: a maildir with its folders, or one mbox file a folder")
    .argument("<address>", "whose mailbox")
    .argument("<format>", "maildir (keeps flags and keywords, can be repeated) or mbox (mboxrd)")
    .argument("<path>", "a directory; made when it is missing")
    .action(async (address: string, format: string, path: string, options: CommonOptions) => {
      const open = writers[format];
      if (!open) throw new WrongUsage(`the format is maildir or mbox, not ${format}`);
      const api = connectApi(options, console);
      const user = await userId(api, address);
      const mailboxes = await mailboxesOf(api, user);
      const root = resolve(console.cwd, path);
      const writer = openRoot(open, root);
      const total = mailboxes.reduce((sum, mailbox) => sum + mailbox.total, 0);
      const progress = new Progress({ out: console.err, unit: "messages", total });
      const notExported: Left[] = [];
      let exported = 0;
      try {
        for (const mailbox of mailboxes) {
          exported += await exportMailbox(api, user, mailbox, writer, notExported, () => progress.advance());
        }
      } finally {
        progress.end();
        for (const { source, why } of notExported) console.err.write(`warning: not exported: ${source}: ${why}\n`);
      }
      const result = { messages: exported, mailboxes: mailboxes.length, path: root, notExported };
      const text = `Exported ${exported} messages of ${mailboxes.length} mailboxes to ${root}\n`;
      console.out.write(options.json ? `${JSON.stringify(result)}\n` : text);
      if (notExported.length > 0) {
        throw new CommandFailure(
          `${notExported.length} things were not exported`,
          "see above",
          "the others are written",
        );
      }
    });
}

function openRoot(open: (root: string) => Writer, root: string): Writer {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    return open(root);
  } catch (error) {
    if (!isOfFiles(error)) throw error;
    throw new CommandFailure(`Cannot export into ${root}`, (error as Error).message, "name another directory");
  }
}

/** How many messages were written. What cannot be is added to `notExported`; the other mailboxes are not the worse for it. */
async function exportMailbox(
  api: Api,
  user: string,
  mailbox: RemoteMailbox,
  writer: Writer,
  notExported: Left[],
  onEach: () => void,
): Promise<number> {
  let written = 0;
  let folder: Folder | null = null;
  try {
    folder = writer.folder(mailbox.path, mailbox.id);
    for await (const found of messagesIn(api, user, mailbox.id)) {
      onEach();
      const date = new Date(found.idate);
      if (folder.has?.({ uid: found.id, size: found.size, date })) continue;
      const bytes = await messageSource(api, user, mailbox.id, found.id);
      if (bytes === null) continue;
      const message = { bytes, date, flags: found, keywords: found.keywords };
      const homeless = folder.write(found.id, message);
      written += 1;
      for (const keyword of homeless) {
        const why = "a maildir has room for 26 keywords a folder; the message is there without it";
        notExported.push({ source: `${mailbox.path}, message ${found.id}, keyword ${keyword}`, why });
      }
    }
  } catch (error) {
    const gone = error instanceof ApiRefusal && error.status === 404;
    if (!gone && !isOfFiles(error)) throw error;
    const what = written > 0 ? `all but ${written} messages of mailbox ${mailbox.path}` : `mailbox ${mailbox.path}`;
    notExported.push({ source: what, why: gone ? "it was deleted meanwhile" : reasonOf(error as Error) });
  } finally {
    folder?.close();
  }
  return written;
}

function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === "EEXIST" ? "its file is there already: export into an empty directory" : error.message;
}

/** Whether the file system said no, or what is in the way. */
function isOfFiles(error: unknown): boolean {
  return error instanceof PassedOver || (error as NodeJS.ErrnoException).code?.startsWith("E") === true;
}
