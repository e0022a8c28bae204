import { describe, expect, test } from "bun:test";
import { silentLogger } from "../../operation/logger.ts";
import type { FromSupervisor, ToSupervisor } from "../../operation/siblings.ts";
import type { SignalSource } from "../../operation/signals.ts";
import { pauseBefore } from "./restart-pause.ts";
import { supervise } from "./supervisor.ts";

/** Processes that do what the test says, on a clock that goes when the test says. */
function scene(count: number, terminalIsGone = false) {
  let now = 0;
  const timers = new Set<{ at: number; act: () => void }>();
  const listeners = new Map<NodeJS.Signals, () => void>();
  const signals: Pick<SignalSource, "on" | "off"> = {
    on: (signal, listener) => listeners.set(signal, listener),
    off: (signal) => listeners.delete(signal),
  };
  type Fake = {
    process: number;
    pid: number;
    signals: NodeJS.Signals[];
    heard: FromSupervisor[];
    say(message: ToSupervisor): void;
    end(how: number | NodeJS.Signals): Promise<void>;
  };
  const children: Fake[] = [];
  const code = supervise({
    count,
    start(process, heard) {
      const { promise, resolve } = Promise.withResolvers<number | NodeJS.Signals>();
      let over = false;
      const fake: Fake = {
        process,
        pid: 100 + children.length,
        signals: [],
        heard: [],
        say: heard,
        async end(how) {
          over = true;
          resolve(how);
          await settled();
        },
      };
      children.push(fake);
      return {
        pid: fake.pid,
        exited: promise,
        signal: (signal) => void fake.signals.push(signal),
        send(message) {
          if (over) throw new Error("it is gone");
          fake.heard.push(message);
        },
      };
    },
    logger: silentLogger,
    signals,
    terminalIsGone: () => terminalIsGone,
    now: () => now,
    after(ms, act) {
      const timer = { at: now + ms, act };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  });
  return {
    code,
    children,
    newest: () => children.at(-1)!,
    signal: (signal: NodeJS.Signals) => listeners.get(signal)!(),
    timers,
    async advance(ms: number) {
      now += ms;
      for (const timer of [...timers]) {
        if (timer.at > now) continue;
        timers.delete(timer);
        timer.act();
      }
      await settled();
    },
  };
}
const settled = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

describe("a supervisor", () => {
  test("replaces a process that dies at once, one that dies again after a pause that grows", async () => {
    const { children, newest, advance } = scene(2);
    for (const child of children) child.say({ kind: "ready" });
    await advance(60_000);
    await children[0]!.end("SIGKILL");
    expect(children.map(({ process }) => process)).toEqual([1, 2, 1]);
    const pauses: number[] = [];
    for (let life = 0; life < 7; life++) {
      const before = children.length;
      await newest().end(1);
      let pause = 0;
      for (; children.length === before; pause += 500) await advance(500);
      pauses.push(pause);
    }
    expect(pauses).toEqual([0, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(children.filter(({ process }) => process === 2)).toHaveLength(1);
    await advance(10_000);
    await newest().end(1);
    expect(children).toHaveLength(11);
  });

  test("passes SIGHUP on; SIGTERM ends all, starts nothing any more, and gives them ten seconds", async () => {
    const { children, signal, advance, code, timers } = scene(3);
    children[0]!.say({ kind: "ready" });
    signal("SIGHUP");
    expect(children.map((child) => child.signals)).toEqual([["SIGHUP"], ["SIGHUP"], ["SIGHUP"]]);
    signal("SIGTERM");
    await children[0]!.end(0);
    await advance(9999);
    expect(children[1]!.signals).toEqual(["SIGHUP", "SIGTERM"]);
    signal("SIGTERM");
    await children[1]!.end(0);
    await advance(1);
    expect(children[2]!.signals).toEqual(["SIGHUP", "SIGTERM", "SIGTERM", "SIGKILL"]);
    await children[2]!.end("SIGKILL");
    expect(await code).toBe(0);
    expect(children).toHaveLength(3);
    expect(timers.size).toBe(0);
  });

  test("does not wait out a pause when it is told to leave", async () => {
    const { children, newest, signal, code, timers } = scene(1);
    children[0]!.say({ kind: "ready" });
    await newest().end("SIGSEGV");
    await newest().end("SIGSEGV");
    expect([children.length, timers.size]).toEqual([2, 1]);
    signal("SIGINT");
    expect(await code).toBe(0);
    expect(timers.size).toBe(0);
  });

  test("SIGHUP of a terminal that was closed ends all", async () => {
    const { children, signal, code } = scene(1, true);
    signal("SIGHUP");
    expect(children[0]!.signals).toEqual(["SIGHUP"]);
    await children[0]!.end(0);
    expect(await code).toBe(0);
  });

  test("when none can start, all end, and the exit code says so", async () => {
    const { children, code } = scene(2);
    await children[0]!.end(1);
    expect(children[1]!.signals).toEqual(["SIGTERM"]);
    await children[1]!.end(0);
    expect(await code).toBe(1);
    expect(children).toHaveLength(2);
  });

  test("asks every process that is up, and answers for those that are silent", async () => {
    const { children, advance } = scene(4);
    const [asking, well, mute, dying] = children as [
      (typeof children)[0],
      (typeof children)[0],
      (typeof children)[0],
      (typeof children)[0],
    ];
    for (const child of [asking, well, mute]) child.say({ kind: "ready" });
    asking.say({ kind: "ask", id: 7, topic: "metrics" });
    expect(dying.heard).toEqual([]);
    for (const child of [asking, well]) {
      const [asked] = child.heard;
      expect(asked).toMatchObject({ kind: "tell", topic: "metrics" });
      child.say({ kind: "told", id: (asked as { id: number }).id, value: `from ${child.process}` });
    }
    await advance(4000);
    expect(asking.heard.at(-1)).toEqual({
      kind: "answer",
      id: 7,
      reports: [
        { process: 1, restarts: 0, value: "from 1" },
        { process: 2, restarts: 0, value: "from 2" },
        { process: 3, restarts: 0, value: null },
        { process: 4, restarts: 0, value: null },
      ],
    });
    // One that asks and dies before it is answered harms nobody.
    asking.say({ kind: "ask", id: 8, topic: "health" });
    await asking.end("SIGKILL");
    await advance(4000);
    expect(children.at(-1)).toMatchObject({ process: 1, heard: [] });
  });
});

test("pauseBefore: a long life counts as a fresh start", () => {
  expect(pauseBefore(10_000, 5)).toEqual({ pause: 0, shortLives: 0 });
  expect(pauseBefore(9999, 0)).toEqual({ pause: 0, shortLives: 1 });
});
