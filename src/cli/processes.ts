import type { Console } from "./console.ts";

/** A process that lived shorter than this is not started again at once. */
const shortLife = 5000;

/**
 * Runs this very command line in several processes that share their ports, passes signals on to them, and starts a
 * new one for each that dies. `variable` tells each which one it is: 1, 2, and so on, in the order of their starts.
 * Resolves when all have ended after a signal.
 */
export async function runProcesses(count: number, variable: string, console: Console): Promise<void> {
  const running = new Set<ReturnType<typeof Bun.spawn>>();
  let stopping = false;
  let worst = 0;
  let started = 0;

  const keepOne = async () => {
    while (!stopping) {
      const born = performance.now();
      started += 1;
      const child = Bun.spawn(commandLine(), {
        env: { ...process.env, [variable]: String(started) },
        stdio: ["ignore", "inherit", "inherit"],
      });
      running.add(child);
      const code = await child.exited;
      running.delete(child);
      if (stopping) {
        worst ||= code;
        return;
      }
      const young = performance.now() - born < shortLife;
      if (young && started === count && code === 1) {
        // It said why it cannot start, and so will all that follow.
        worst = code;
        passOn("SIGTERM");
        return;
      }
      console.err.write(`eider: process ${child.pid} ended with code ${code}; starting another\n`);
      if (young) await Bun.sleep(1000);
    }
  };
  const passOn = (signal: NodeJS.Signals) => {
    if (signal !== "SIGHUP") stopping = true;
    for (const child of running) child.kill(signal);
  };
  const signals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
  const handlers = signals.map((signal) => [signal, () => passOn(signal)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  await Promise.all(Array.from({ length: count }, keepOne));
  for (const [signal, handler] of handlers) process.off(signal, handler);
  process.exitCode = worst;
}

/** How this process was started: by Bun with a script, or as a binary of its own. */
function commandLine(): string[] {
  const compiled = import.meta.path.startsWith("/$bunfs/");
  return [process.execPath, ...(compiled ? [] : [Bun.main]), ...process.argv.slice(2)];
}
