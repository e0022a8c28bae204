import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./nodes/free-port.ts";

/**
 * MongoDB and Redis for tests. `MONGODB_URL` and `REDIS_URL` name engines that are there; without them, and with
 * `EIDER_TEST_ENGINES=1` or `CI=true`, each is started on a free port, once for all test files, and ended with the run.
 * What cannot be had is a reason to skip, said in one line; with `EIDER_REQUIRE_ENGINES=1` it is an error.
 */
export type Engine = { readonly url: string };
export type Missing = { readonly missing: string };

/** An engine of one test's own, to be stopped and started again; always on the same port and data. */
export type OwnEngine = Engine & {
  readonly pid: () => number;
  /** Ends the process and waits until it is gone. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts it again; answers when it listens. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  dispose(): Promise<void>;
};

const wanted = process.env.EIDER_TEST_ENGINES === "1" || process.env.CI === "true";
const required = process.env.EIDER_REQUIRE_ENGINES === "1";
const hint = "set MONGODB_URL and REDIS_URL, or EIDER_TEST_ENGINES=1 where SecantusDB and redis-server are installed";

/** Shared by all test files of the process, however often this module is loaded. */
const shared = globalThis as { eiderEngines?: Map<string, Promise<Engine | Missing>> };
shared.eiderEngines ??= new Map();

export const mongoEngine = () => once("MongoDB", process.env.MONGODB_URL, startMongo);
export const redisEngine = () => once("Redis", process.env.REDIS_URL, startRedis);

/** Whether an engine is there to be used. */
export const isThere = <E extends Engine>(engine: E | Missing): engine is E => "url" in engine;

function once(
  name: string,
  url: string | undefined,
  start: () => Promise<OwnEngine | Missing>,
): Promise<Engine | Missing> {
  const engines = shared.eiderEngines!;
  let engine = engines.get(name);
  if (engine === undefined) {
    engine = url ? Promise.resolve({ url }) : start().then((started) => reported(name, started));
    engines.set(name, engine);
  }
  return engine;
}

function reported(name: string, engine: Engine | Missing): Engine | Missing {
  if (!isThere(engine)) console.error(`${name} tests are skipped: ${engine.missing}`);
  return engine;
}

function present(name: string, engine: OwnEngine | Missing): OwnEngine {
  if (isThere(engine)) return engine;
  throw new Error(`${name} is required and not there: ${engine.missing}`);
}

/** Why a test cannot have engines of its own, whatever `MONGODB_URL` and `REDIS_URL` name; null: it can. */
export function ownEnginesMissing(): string | null {
  if (!wanted) return hint;
  const absent = [secantus, "redis-server"].filter((program) => Bun.which(program) === null);
  return absent.length === 0 ? null : `${absent.join(" and ")} not installed`;
}

const secantus = join(process.env.SECANTUS_VENV ?? "/opt/secantus", "bin", "secantusd-py");

/** A MongoDB of one's own: SecantusDB from the virtual environment `SECANTUS_VENV` (default /opt/secantus). */
export async function startMongo(): Promise<OwnEngine | Missing> {
  const engine = await own("mongodb", secantus, existsSync(secantus), (port, directory) => [
    ...["--port", `${port}`, "--storage-path", join(directory, "data"), "--sync-on-commit", "--log-level", "WARNING"],
  ]);
  return required ? present("MongoDB", engine) : engine;
}

/** A Redis of one's own: `redis-server` from the path, keeping nothing on disk. */
export async function startRedis(): Promise<OwnEngine | Missing> {
  const program = Bun.which("redis-server");
  const engine = await own("redis", program ?? "redis-server", program !== null, (port, directory) => [
    ...["--port", `${port}`, "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "no"],
  ]);
  return required ? present("Redis", engine) : engine;
}

async function own(
  scheme: "mongodb" | "redis",
  program: string,
  installed: boolean,
  argumentsFor: (port: number, directory: string) => string[],
): Promise<OwnEngine | Missing> {
  if (!wanted) return { missing: hint };
  if (!installed) return { missing: `${program} is not installed; ${hint}` };
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "eider-engine-"));
  let running: Running | null = null;
  const engine: OwnEngine = {
    url: `${scheme}://127.0.0.1:${port}`,
    pid: () => running!.pid,
    async start() {
      running ??= await run(program, argumentsFor(port, directory), join(directory, "log"));
      await listening(port, running);
    },
    async stop(signal = "SIGTERM") {
      if (running === null) return;
      signalled(running.pid, signal);
      await running.ended;
      running = null;
    },
    async dispose() {
      await engine.stop("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await engine.start();
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  return engine;
}

type Running = { readonly pid: number; readonly ended: Promise<void>; readonly keeper: ChildProcess };

/** Runs a program under a shell that ends it when our end of a pipe closes: it never outlives the test run, however that ends. */
async function run(program: string, args: string[], log: string): Promise<Running> {
  const script =
    '"$@" <&- >&2 & child=$!; echo $child; (read line; kill -9 $child) <&3 2>/dev/null & wait $child; kill $! 2>/dev/null';
  const output = openSync(log, "a");
  const keeper = spawn("sh", ["-c", script, "sh", program, ...args], { stdio: ["ignore", "pipe", output, "pipe"] });
  const ended = new Promise<void>((resolve) => keeper.once("exit", () => resolve()));
  const pid = await new Promise<number>((resolve, reject) => {
    keeper.once("error", reject);
    keeper.stdout!.once("data", (line: Buffer) => resolve(Number(line.toString())));
  });
  keeper.unref();
  keeper.stdout!.destroy();
  return { pid, ended, keeper };
}

function signalled(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function listening(port: number, running: Running): Promise<void> {
  let ended = false;
  running.ended.then(() => {
    ended = true;
  });
  const until = performance.now() + 30_000;
  while (!(await answers(port))) {
    if (ended) throw new Error(`Cannot start an engine on port ${port}: it ended at once`);
    if (performance.now() > until)
      throw new Error(`Cannot start an engine on port ${port}: it does not listen after 30 s`);
    await Bun.sleep(50);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
