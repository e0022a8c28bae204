import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { silentLogger } from "./logger.ts";
import { drainLimit, handleSignals } from "./signals.ts";

function scene(terminalIsGone = false) {
  const process = new EventEmitter() as EventEmitter & { exit(code: number): void };
  const heard: string[] = [];
  const timers = new Set<{ at: number; act: () => void }>();
  let time = 0;
  let finish: { resolve: () => void; reject: (error: Error) => void } | null = null;
  process.exit = (code) => void heard.push(`exit ${code}`);
  const remove = handleSignals({
    drain: () => {
      heard.push("drain");
      return new Promise<void>((resolve, reject) => {
        finish = { resolve, reject };
      });
    },
    reload: () => {
      heard.push("reload");
      if (time === 13) throw new Error("no such file");
    },
    terminalIsGone: () => terminalIsGone,
    logger: silentLogger,
    process: process as never,
    now: () => time,
    after: (ms, act) => {
      const timer = { at: time + ms, act };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  });
  const advance = (ms: number) => {
    time += ms;
    for (const timer of [...timers]) {
      if (timer.at <= time && timers.delete(timer)) timer.act();
    }
  };
  return {
    process,
    heard,
    advance,
    remove,
    drained: () => finish!.resolve(),
    failed: () => finish!.reject(new Error("x")),
  };
}

test.each(["SIGTERM", "SIGINT"])("%s drains, then exits 0", async (signal) => {
  const { process, heard, drained, advance } = scene();
  process.emit(signal);
  expect(heard).toEqual(["drain"]);
  drained();
  await Promise.resolve();
  expect(heard).toEqual(["drain", "exit 0"]);
  advance(drainLimit);
  expect(heard).toEqual(["drain", "exit 0"]);
});

test("a drain that does not end is left after ten seconds", () => {
  const { process, heard, advance } = scene();
  process.emit("SIGTERM");
  advance(drainLimit - 1);
  expect(heard).toEqual(["drain"]);
  advance(1);
  expect(heard).toEqual(["drain", "exit 0"]);
});

test("the second signal leaves at once, but the echo of the first does not count", () => {
  const { process, heard, advance } = scene();
  process.emit("SIGINT");
  advance(20);
  process.emit("SIGINT");
  expect(heard).toEqual(["drain"]);
  advance(1000);
  process.emit("SIGTERM");
  expect(heard).toEqual(["drain", "exit 0"]);
});

test("a drain that fails exits 1", async () => {
  const { process, heard, failed } = scene();
  process.emit("SIGTERM");
  failed();
  await Promise.resolve();
  expect(heard).toEqual(["drain", "exit 1"]);
});

test("SIGHUP reloads, also after a reload that failed", async () => {
  const { process, heard, advance, remove } = scene();
  advance(13);
  process.emit("SIGHUP");
  await Promise.resolve();
  advance(1);
  process.emit("SIGHUP");
  expect(heard).toEqual(["reload", "reload"]);
  remove();
  process.emit("SIGHUP");
  expect(heard).toEqual(["reload", "reload"]);
});

test("SIGHUP of a terminal that was closed drains, then exits 0", async () => {
  const { process, heard, drained } = scene(true);
  process.emit("SIGHUP");
  expect(heard).toEqual(["drain"]);
  drained();
  await Promise.resolve();
  await Promise.resolve();
  expect(heard).toEqual(["drain", "exit 0"]);
});
