import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { type Api, connectApi } from "../api.ts";
import type { Console } from "../console.ts";
import { CommandFailure, WrongUsage } from "../failure.ts";
import type { MailMessage } from "../mail/mail-file.ts";
import { MaildirWriter } from "../mail/write-maildir.ts";
import { MboxWriter } from "../mail/write-mbox.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { Progress } from "../progress.ts";
import { mailboxesOf, messageSource, messagesIn, type RemoteMailbox } from "../remote-mailboxes.ts";
import { userId } from "../users.ts";

type Folder = {
  write(uid: number, message: MailMessage): void;
  /** Was exported by an earlier run. */
  has?(uid: number): boolean;
  close?(): void;
};
const writers: Readonly<Record<string, (root: string) => { folder(path: string): Folder }>> = {
  maildir: (root) => new MaildirWriter(root),
  mbox: (root) => new MboxWriter(root),
};

/** `eider export`: mail from a running server into files. */
export function addExport(program: Command, console: Console): void {
  withCommonOptions(program.command("export"), "to the server")
    .description("take mail out, the same bytes: a maildir with its folders, or one mbox file a folder")
    .argument("<address>", "whose mailbox")
    .argument("<format>", "maildir (keeps flags, can be repeated) or mbox (mboxrd)")
    .argument("<path>", "a directory; made when it is missing")
    .action(async (address: string, format: string, path: string, options: CommonOptions) => {
      const open = writers[format];
      if (!open) throw new WrongUsage(`the format is maildir or mbox, not ${format}`);
      const api = connectApi(options, console);
      const user = await userId(api, address);
      const mailboxes = await mailboxesOf(api, user);
      const root = resolve(console.cwd, path);
      mkdirSync(root, { recursive: true, mode: 0o700 });
      const writer = open(root);
      const total = mailboxes.reduce((sum, mailbox) => sum + mailbox.total, 0);
      const progress = new Progress({ out: console.err, unit: "messages", total });
      let exported = 0;
      try {
        for (const mailbox of mailboxes) {
          exported += await exportMailbox(api, user, mailbox, openFolder(writer, mailbox.path), () =>
            progress.advance(),
          );
        }
      } finally {
        progress.end();
      }
      const result = { messages: exported, mailboxes: mailboxes.length, path: root };
      const text = `Exported ${exported} messages of ${mailboxes.length} mailboxes to ${root}\n`;
      console.out.write(options.json ? `${JSON.stringify(result)}\n` : text);
    });
}

function openFolder(writer: { folder(path: string): Folder }, path: string): Folder {
  try {
    return writer.folder(path);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    throw new CommandFailure(
      `Cannot write mailbox ${path}`,
      (error as Error).message,
      exists ? "export into an empty directory" : undefined,
    );
  }
}

/** How many messages were written. */
async function exportMailbox(
  api: Api,
  user: string,
  mailbox: RemoteMailbox,
  folder: Folder,
  onEach: () => void,
): Promise<number> {
  let written = 0;
  try {
    for await (const found of messagesIn(api, user, mailbox.id)) {
      onEach();
      if (folder.has?.(found.id)) continue;
      const bytes = await messageSource(api, user, mailbox.id, found.id);
      if (bytes === null) continue;
      folder.write(found.id, { bytes, date: new Date(found.idate), flags: found });
      written += 1;
    }
  } finally {
    folder.close?.();
  }
  return written;
}
