import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { RunningServer } from "../../main.ts";
import { CertificateError, openCertificate } from "../../operation/certificate.ts";
import { type Config, type LoadedConfig, loadConfig } from "../../operation/config.ts";
import { rootToken } from "../../operation/root-token.ts";
import { Siblings, type SupervisorLink } from "../../operation/siblings.ts";
import { handleSignals } from "../../operation/signals.ts";
import type { Console } from "../console.ts";
import { portTrouble } from "../doctor/check-ports.ts";
import { CommandFailure } from "../failure.ts";
import { runProcesses } from "../processes/run-processes.ts";
import { terminalIsGone } from "../terminal-is-gone.ts";

export type StartServer = (
  config: Config,
  siblings?: Siblings,
  readable?: boolean,
) => Promise<Pick<RunningServer, "banner" | "firstAccount" | "listening" | "logger" | "reload" | "stop">>;
type StartOptions = { readonly config?: string; readonly json?: boolean };

/** `eider start`: the server, until a signal ends it. */
export function addStart(program: Command, console: Console, startServer: StartServer): void {
  program
    .command("start")
    .description("run the server until it gets SIGTERM or SIGINT")
    .option("--config <file>", "read this file instead of eider.toml")
    .option(
      "--json",
      "log JSON lines to a terminal too, and say in one line of JSON on standard error where it listens",
    )
    .allowExcessArguments(false)
    .action(async (options: StartOptions) => {
      const loaded = load(options, console);
      for (const warning of loaded.warnings) console.err.write(`warning: ${warning}\n`);
      const { config } = loaded;
      const readable = process.stdout.isTTY === true && !options.json;
      if (console.env[processVariable] === undefined) {
        const trouble = await portTrouble(config);
        if (trouble) throw new CommandFailure(`Cannot start: ${trouble.about}`, trouble.text, trouble.todo);
        if (config.store.kind === "embedded") mustHaveItsLog(config.data);
        if (config.processes > 1) {
          // Made once, before all processes want to make it.
          rootToken(config);
          openCertificate(config, new Date());
          process.exitCode = await runProcesses(config, processVariable, readable);
          return;
        }
      }
      const siblings = supervised(console);
      const server = await startServer(config, siblings ?? undefined, readable).catch((error: unknown) => {
        throw explained(error);
      });
      // Before the banner: whoever has read it may send signals.
      const stopped = untilStopped(server, () => load(options, console).config);
      const isFirst = (console.env[processVariable] ?? "1") === "1";
      if (isFirst && options.json) console.err.write(`${JSON.stringify(facts(server, config))}\n`);
      else if (isFirst) (readable ? console.out : console.err).write(`\n${server.banner}\n`);
      await stopped;
    });
}

/** What the banner says. Not for standard output: it may have a password in it, and what is there is kept as a log. */
function facts({ listening, firstAccount }: Awaited<ReturnType<StartServer>>, { store, data, mongodb }: Config) {
  const kept = store.kind === "embedded" ? { data } : { database: mongodb.database };
  return { store: store.kind, ...kept, listening, account: firstAccount };
}

/** Set for the processes that one `eider start` runs when `processes` is above 1; all of them listen at the same places. */
const processVariable = "EIDER_PROCESS";

function load({ config }: { config?: string }, console: Console): LoadedConfig {
  const loaded = loadConfig({ file: config, env: console.env, cwd: console.cwd });
  if (loaded.ok) return loaded;
  for (const problem of loaded.problems.slice(0, -1)) console.err.write(`eider: ${problem}\n`);
  throw new CommandFailure(loaded.problems.at(-1)!, "");
}

/** The way to the other processes of this start; null: there are none. */
function supervised(console: Console): Siblings | null {
  if (console.env[processVariable] === undefined || process.send === undefined) return null;
  // Without its supervisor nobody would replace this process, or tell it to leave.
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  return new Siblings(process as unknown as SupervisorLink, afterwards);
}

function afterwards(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}

/** The process ends in here: by a signal. */
function untilStopped(server: Awaited<ReturnType<StartServer>>, configNow: () => Config): Promise<never> {
  handleSignals({
    drain: () => server.stop(),
    reload: () => server.reload(configNow().log.level),
    terminalIsGone: terminalIsGone(),
    logger: server.logger,
    process,
    now: () => performance.now(),
    after: afterwards,
  });
  return new Promise(() => {});
}

const verifyFirst = "`eider verify` says what; docs/backup.md has the way back";

/**
 * Refuses a data directory whose log is gone while other parts of it are there: a server that began a new one would
 * refuse everybody's mail for good.
 */
function mustHaveItsLog(data: string): void {
  if (existsSync(join(data, "eider.db")) || !hasMail(join(data, "blobs"))) return;
  throw new CommandFailure("Cannot start", `there is mail in ${data}, and its log, eider.db, is gone`, verifyFirst);
}

/** Blobs get their names only when the log knows of them. */
function hasMail(blobs: string): boolean {
  return existsSync(blobs) && readdirSync(blobs).some((name) => name !== "tmp");
}

/** What an operator can do something about, in one line; anything else as it is. */
function explained(error: unknown): unknown {
  if (error instanceof CertificateError) return new CommandFailure("Cannot start", error.message);
  const { name, code, message, syscall } = error as NodeJS.ErrnoException;
  if (/malformed|file is not a database/.test(message))
    return new CommandFailure("Cannot start", `the data directory is damaged (${message})`, verifyFirst);
  if (name === "DataDirectoryInUse")
    return new CommandFailure("Cannot start", message, "stop that server first, or give this one another `data`");
  if (name === "TransferUnfinished" || name === "MovedAway") return new CommandFailure("Cannot start", message);
  if (code === "EADDRINUSE")
    return new CommandFailure("Cannot start", message, "`eider doctor` names what is in the way");
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOSPC" || syscall === "mkdir") {
    return new CommandFailure("Cannot start", message, "`data` must be a directory that the server may write to");
  }
  return error;
}
