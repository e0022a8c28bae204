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
) => Promise<Pick<RunningServer, "banner" | "logger" | "reload" | "stop">>;

/** `eider start`: the server, until a signal ends it. */
export function addStart(program: Command, console: Console, startServer: StartServer): void {
  program
    .command("start")
    .description("run the server until it gets SIGTERM or SIGINT")
    .option("--config <file>", "read this file instead of eider.toml")
    .allowExcessArguments(false)
    .action(async (options: { config?: string }) => {
      const loaded = load(options, console);
      for (const warning of loaded.warnings) console.err.write(`warning: ${warning}\n`);
      const { config } = loaded;
      if (console.env[processVariable] === undefined) {
        const trouble = await portTrouble(config);
        if (trouble) throw new CommandFailure(`Cannot start: ${trouble.about}`, trouble.text, trouble.todo);
        if (config.processes > 1) {
          // Made once, before all processes want to make it.
          rootToken(config);
          openCertificate(config, new Date());
          process.exitCode = await runProcesses(config, processVariable);
          return;
        }
      }
      const siblings = supervised(console);
      const server = await startServer(config, siblings ?? undefined).catch((error: unknown) => {
        throw explained(error);
      });
      // Before the banner: whoever has read it may send signals.
      const stopped = untilStopped(server, () => load(options, console).config);
      const stdoutIsForPeople = process.stdout.isTTY === true;
      const isFirst = (console.env[processVariable] ?? "1") === "1";
      if (isFirst) (stdoutIsForPeople ? console.out : console.err).write(`\n${server.banner}\n`);
      await stopped;
    });
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

/** What an operator can do something about, in one line; anything else as it is. */
function explained(error: unknown): unknown {
  if (error instanceof CertificateError) return new CommandFailure("Cannot start", error.message);
  const { name, code, message, syscall } = error as NodeJS.ErrnoException;
  if (name === "DataDirectoryInUse")
    return new CommandFailure("Cannot start", message, "stop that server first, or give this one another `data`");
  if (name === "TransferUnfinished") return new CommandFailure("Cannot start", message);
  if (code === "EADDRINUSE")
    return new CommandFailure("Cannot start", message, "`eider doctor` names what is in the way");
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOSPC" || syscall === "mkdir") {
    return new CommandFailure("Cannot start", message, "`data` must be a directory that the server may write to");
  }
  return error;
}
