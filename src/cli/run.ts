import { Command, CommanderError } from "commander";
import { ApiRefusal } from "./api.ts";
import { addBackup } from "./commands/backup.ts";
import { addConfig } from "./commands/config.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addExport } from "./commands/export.ts";
import { addImport } from "./commands/import.ts";
import { addPromote } from "./commands/promote.ts";
import { addRestore } from "./commands/restore.ts";
import { addSession } from "./commands/session.ts";
import { addStart, type StartServer } from "./commands/start.ts";
import { addUndelete } from "./commands/undelete.ts";
import { addUser } from "./commands/user.ts";
import { addVerify } from "./commands/verify.ts";
import type { Console } from "./console.ts";
import { CommandFailure, WrongUsage } from "./failure.ts";

/**
 * Runs one command line (without the program's name) and answers its exit code: 0 done, 1 refused or failed with one
 * line on stderr, 2 wrong usage.
 */
export async function run(
  words: readonly string[],
  console: Console,
  version: string,
  startServer: StartServer,
): Promise<number> {
  const program = new Command("eider")
    .description("A mailbox server: LMTP in, IMAP, POP3 and HTTP out.")
    .version(version, "--version", "show the version")
    .helpOption("-h, --help", "show this help")
    .exitOverride()
    .showHelpAfterError("(--help shows how)")
    .configureOutput({
      writeOut: (text) => console.out.write(text),
      writeErr: (text) => console.err.write(text),
      getErrHasColors: () => false,
      getOutHasColors: () => false,
    });
  addStart(program, console, startServer);
  addConfig(program, console);
  addUser(program, console);
  addSession(program, console);
  addImport(program, console);
  addExport(program, console);
  addDoctor(program, console);
  addUndelete(program, console);
  addVerify(program, console);
  addBackup(program, console);
  addRestore(program, console);
  addPromote(program, console);

  try {
    await program.parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const [text, code] = explain(error);
    if (text !== "") console.err.write(`eider: ${text}\n`);
    return code;
  }
}

function explain(error: unknown): [text: string, code: number] {
  if (error instanceof WrongUsage) return [`${error.message} (--help shows how)`, 2];
  if (error instanceof CommandFailure) return [error.message, 1];
  if (error instanceof ApiRefusal) {
    const again = error.retryAfter === null ? "" : `: try again in ${error.retryAfter} s`;
    const token =
      error.code === "InvalidToken" ? ": run this with the server's own eider.toml, or in its directory" : "";
    return [`The server refused: ${error.message}${again}${token}`, 1];
  }
  // Not foreseen: the stack is what helps to mend it.
  return [error instanceof Error ? (error.stack ?? error.message) : String(error), 1];
}
