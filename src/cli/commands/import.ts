import { resolve } from "node:path";
import type { Command } from "commander";
import { inboxPath, parsePath } from "../../domain/account/mailbox-path.ts";
import { connectApi } from "../api.ts";
import type { Console } from "../console.ts";
import { CommandFailure, WrongUsage } from "../failure.ts";
import { type ImportResult, importFolder } from "../importer.ts";
import type { MailFolder } from "../mail/mail-file.ts";
import { readEml } from "../mail/read-eml.ts";
import { readMaildir } from "../mail/read-maildir.ts";
import { readMbox } from "../mail/read-mbox.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { Progress } from "../progress.ts";
import { userId } from "../users.ts";

const readers: Readonly<Record<string, (path: string) => MailFolder[]>> = {
  maildir: readMaildir,
  mbox: (path) => [readMbox(path)],
  eml: (path) => [readEml(path)],
};

/** `eider import`: mail from files into a running server. */
export function addImport(program: Command, console: Console): void {
  withCommonOptions(program.command("import"), "to the server")
    .description("bring mail in, keeping dates and flags; what is there already is left out")
    .argument("<address>", "whose mailbox")
    .argument("<format>", "maildir (with its folders), mbox or eml")
    .argument("<path...>", "maildir directories, mbox files, or .eml files and directories of them")
    .option("--mailbox <name>", "the mailbox it goes to; folders of a maildir go below it", "INBOX")
    .action(async (address: string, format: string, paths: string[], options: CommonOptions & { mailbox: string }) => {
      const read = readers[format];
      if (!read) throw new WrongUsage(`the format is maildir, mbox or eml, not ${format}`);
      const mailbox = parsePath(options.mailbox);
      if ("why" in mailbox) throw new WrongUsage(`--mailbox ${options.mailbox} cannot be a mailbox: ${mailbox.why}`);
      const folders = paths.flatMap((path) => read(resolve(console.cwd, path)));
      const api = connectApi(options, console);
      const user = await userId(api, address);
      const counts = folders.map(({ count }) => count);
      const total = counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
      const progress = new Progress({ out: console.err, unit: "messages", total });
      const result: ImportResult = { stored: 0, present: 0, refused: [] };
      try {
        for (const folder of folders) {
          await importFolder(api, user, folder, targetOf(mailbox.path, folder.path), result, () => progress.advance());
        }
      } finally {
        progress.end();
      }
      for (const { source, why } of result.refused) console.err.write(`warning: not imported: ${source}: ${why}\n`);
      const text = `Imported ${result.stored} message${result.stored === 1 ? "" : "s"}${result.present ? `, ${result.present} were there already` : ""}\n`;
      console.out.write(options.json ? `${JSON.stringify(result)}\n` : text);
      if (result.refused.length > 0) {
        throw new CommandFailure(
          `${result.refused.length} messages were not imported`,
          "the server refused them, see above",
          "the others are stored",
        );
      }
    });
}

/** Where a folder of the source goes: the root to the mailbox named, the others beside INBOX or below it. */
function targetOf(mailbox: string, path: readonly string[]): string {
  if (path.length === 0) return mailbox;
  return (mailbox === inboxPath ? path : [mailbox, ...path]).join("/");
}
