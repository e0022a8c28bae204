import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { inboxPath, parsePath } from "../../domain/account/mailbox-path.ts";
import { connectApi } from "../api.ts";
import type { Console } from "../console.ts";
import { CommandFailure, WrongUsage } from "../failure.ts";
import { type ImportResult, importFolder } from "../importer.ts";
import type { MailFolder, MailSource } from "../mail/mail-file.ts";
import { type MboxFormat, mboxFormats } from "../mail/mbox-format.ts";
import { readEml } from "../mail/read-eml.ts";
import { readMaildir } from "../mail/read-maildir.ts";
import { readMbox } from "../mail/read-mbox.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { Progress } from "../progress.ts";
import { userId } from "../users.ts";

type Options = CommonOptions & { readonly mailbox: string; readonly format: MboxFormat | "auto" };

const readers: Readonly<Record<string, (path: string, options: Options) => MailSource>> = {
  maildir: readMaildir,
  mbox: (path, { format }) => one(readMbox(path, format)),
  eml: (path) => one(readEml(path)),
};

function one(folder: MailFolder): MailSource {
  return { folders: [folder], passedOver: [] };
}

/** `eider import`: mail from files into a running server. */
export function addImport(program: Command, console: Console): void {
  withCommonOptions(program.command("import"), "to the server")
    .description("bring mail in, keeping dates, flags and keywords; what is there already is left out")
    .argument("<address>", "whose mailbox")
    .argument("<format>", "maildir (with its folders), mbox or eml")
    .argument("<path...>", "maildir directories, mbox files, or .eml files and directories of them")
    .option("--mailbox <name>", "the mailbox it goes to; folders of a maildir go below it", "INBOX")
    .addOption(
      new Option("--format <kind>", "which kind of mbox it is; auto: the one that shows in the file")
        .choices(["auto", ...mboxFormats])
        .default("auto"),
    )
    .action(async (address: string, format: string, paths: string[], options: Options) => {
      const read = readers[format];
      if (!read) throw new WrongUsage(`the format is maildir, mbox or eml, not ${format}`);
      if (format !== "mbox" && options.format !== "auto") throw new WrongUsage("--format is for mbox alone");
      const mailbox = parsePath(options.mailbox);
      if ("why" in mailbox) throw new WrongUsage(`--mailbox ${options.mailbox} cannot be a mailbox: ${mailbox.why}`);
      const sources = paths.map((path) => read(resolve(console.cwd, path), options));
      const folders = sources.flatMap((source) => source.folders);
      const api = connectApi(options, console);
      const user = await userId(api, address);
      const counts = folders.map(({ count }) => count);
      const total = counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
      const progress = new Progress({ out: console.err, unit: "messages", total });
      const passedOver = sources.flatMap((source) => source.passedOver);
      const result: ImportResult = { stored: 0, present: 0, omitted: [], refused: [], passedOver };
      try {
        for (const folder of folders) {
          await importFolder(api, user, folder, targetOf(mailbox.path, folder.path), result, () => progress.advance());
        }
      } finally {
        progress.end();
        // However it ends, what was not imported is told.
        for (const line of namesOf(result)) console.err.write(`${line}\n`);
      }
      console.out.write(options.json ? `${JSON.stringify(result)}\n` : `${summaryOf(result)}\n`);
      failUnlessWhole(result);
    });
}

function* namesOf({ omitted, refused, passedOver }: ImportResult): Generator<string> {
  for (const { source, why } of omitted) yield `left out: ${source}: ${why}`;
  for (const { source, why } of refused) yield `warning: not imported: ${source}: ${why}`;
  for (const { source, why } of passedOver) yield `warning: passed over: ${source}: ${why}`;
}

function summaryOf({ stored, present, omitted }: ImportResult): string {
  return [
    `Imported ${stored} message${stored === 1 ? "" : "s"}`,
    ...(present ? [`${present} were there already`] : []),
    ...(omitted.length ? [`${omitted.length} left out`] : []),
  ].join(", ");
}

/** @throws CommandFailure where something that may be mail was not imported */
function failUnlessWhole({ refused, passedOver }: ImportResult): void {
  const kinds = [
    ...(refused.length > 0 ? [["messages were not imported", "the server refused them, see above"]] : []),
    ...(passedOver.length > 0 ? [["things were passed over", "they cannot be read as mail, see above"]] : []),
  ] as const;
  if (kinds.length === 0) return;
  const counts = [refused.length, passedOver.length].filter((count) => count > 0);
  const what = kinds.map(([words], at) => `${counts[at]} ${words}`).join(" and ");
  throw new CommandFailure(what, kinds.map(([, why]) => why).join("; "), "the others are stored");
}

/** Where a folder of the source goes: the root to the mailbox named, the others beside INBOX or below it. */
function targetOf(mailbox: string, path: readonly string[]): string {
  if (path.length === 0) return mailbox;
  return (mailbox === inboxPath ? path : [mailbox, ...path]).join("/");
}
