import { resolve } from "node:path";
import type { Command } from "commander";
import { parseMoment } from "../../backup/parse-moment.ts";
import { explained } from "../backup/explained.ts";
import type { Console } from "../console.ts";
import { WrongUsage } from "../failure.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";

export type RestoreOptions = CommonOptions & {
  readonly account?: string;
  readonly as?: string;
  readonly replace?: boolean;
  readonly yes?: boolean;
  readonly toTime?: number;
  readonly into?: string;
  readonly newUidvalidity?: boolean;
  readonly skipDamaged?: boolean;
  readonly signedBy?: string;
};

/** `eider restore`: from a backup, everything or one account, as it was last or at some time. */
export function addRestore(program: Command, console: Console): void {
  withCommonOptions(program.command("restore <directory>"), "to the server")
    .description("bring a backup back: everything into an empty place, or one account")
    .option("--account <address>", "only this account; into the running server, or the store where none runs")
    .option("--as <address>", "give the account another address, as a new one beside the old")
    .option("--replace", "with --account: put the account that is there back to what it was; what came since goes")
    .option("--yes", "do not ask before replacing")
    .option("--to-time <time>", "as it was then, such as 2026-05-31T12:00", momentArgument)
    .option("--into <data>", "a new data directory, instead of the configured store")
    .option(
      "--new-uidvalidity",
      "let clients fetch everything anew: for when they have seen newer mail than the backup",
    )
    .option("--signed-by <keyfile>", "restore only what is signed by the owner of the public key in this file")
    .option("--skip-damaged", "leave out accounts whose files are damaged, instead of restoring nothing")
    .action(async (directory: string, options: RestoreOptions) => {
      if (options.account === undefined && (options.as !== undefined || options.replace))
        throw new WrongUsage("--as and --replace belong to --account");
      if (options.as !== undefined && options.replace) throw new WrongUsage("--as and --replace exclude each other");
      const root = resolve(console.cwd, directory);
      try {
        // Loaded only where it is used: one of them brings much of the server along.
        if (options.account === undefined) {
          const { restoreEverything } = await import("../backup/restore-everything.ts");
          await restoreEverything(root, options, console);
        } else {
          const { restoreOne } = await import("../backup/restore-one.ts");
          await restoreOne(root, { ...options, account: options.account }, console);
        }
      } catch (error) {
        throw explained("restore", error);
      }
    });
}

function momentArgument(written: string): number {
  const moment = parseMoment(written);
  if (moment === null) throw new WrongUsage(`--to-time takes a time such as 2026-05-31T12:00, not ${written}`);
  return moment;
}
