import type { Config } from "../../operation/config.ts";
import { type LogOutput, PinoLogger, standardOutput } from "../../operation/pino-logger.ts";
import type { ToSupervisor } from "../../operation/siblings.ts";
import { terminalIsGone } from "../terminal-is-gone.ts";
import { type Child, supervise } from "./supervisor.ts";
import { wholeLines } from "./whole-lines.ts";

/**
 * Runs this very command line in `config.processes` processes that share their ports. `variable` tells each its number.
 * On a terminal they write to it themselves; into a pipe or file this process writes for them, so that lines stay whole.
 * `readable`: the log is text for people. Resolves with the exit code when all have ended after a signal.
 */
export function runProcesses(config: Config, variable: string, readable: boolean): Promise<number> {
  const output = standardOutput();
  const logger = PinoLogger.create({ level: config.log.level, readable, output });
  return supervise({
    count: config.processes,
    start: (number, heard) =>
      startChild({ ...process.env, [variable]: String(number) }, readable ? null : output, heard),
    logger,
    signals: process,
    terminalIsGone: terminalIsGone(),
    now: () => performance.now(),
    after(ms, act) {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
  });
}

function startChild(
  env: Record<string, string | undefined>,
  output: LogOutput | null,
  heard: (message: ToSupervisor) => void,
): Child {
  const child = Bun.spawn(commandLine(), {
    env,
    stdin: "ignore",
    stdout: output === null ? "inherit" : "pipe",
    stderr: "inherit",
    ipc: (message) => heard(message as ToSupervisor),
    serialization: "json",
  });
  const written = child.stdout ? wholeLines(child.stdout, output!) : Promise.resolve();
  return {
    pid: child.pid,
    exited: child.exited.then(async (code) => {
      await written;
      return child.signalCode ?? code;
    }),
    signal: (signal) => child.kill(signal),
    send: (message) => void child.send(message),
  };
}

/** How this process was started: by Bun with a script, or as a binary of its own. */
function commandLine(): string[] {
  const compiled = import.meta.path.startsWith("/$bunfs/");
  return [process.execPath, ...(compiled ? [] : [Bun.main]), ...process.argv.slice(2)];
}
