import type { Console } from "./console.ts";

/** A process that lived shorter than this is not started again at once. */
const shortLife = 5000;

/**
 * Runs this very command line in several processes that share their ports, passes signals on to them, and starts a
 * new one for each that dies. Resolves when all have ended after a signal.
 */
export async function runProcesses(
  count: number,
  env: Readonly<Record<string, string>>,
  console: Console,
): Promise<void> {
  const running = new Set<ReturnType<typeof Bun.spawn>>();
  let stopping = false;
  let worst = 0;

  const keepOne = async () => {
    while (!stopping) {
      const started = performance.now();
      const child = Bun.spawn(commandLine(), {
        env: { ...process.env, ...env },
        stdio: ["ignore", "inherit", "inherit"],
      });
      running.add(child);
      const code = await child.exited;
      running.delete(child);
      if (stopping) {
        worst = Math.max(worst, code);
        return;
      }
      console.err.write(`eider: process ${child.pid} ended with code ${code}; starting another\n`);
      if (performance.now() - started < shortLife) await Bun.sleep(1000);
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
