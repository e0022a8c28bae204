import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Runner } from "./runner.ts";
import type { BenchServer } from "./servers/server.ts";
import { workload } from "./workload.ts";

/** A server that listens and does nothing; `happened` is told what is done with it. */
function idleServer(name: string, pace: BenchServer["pace"], happened: string[]): BenchServer {
  const { port } = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  return {
    ...{ name, pace, settings: [name], ports: { imap: port, imaps: port, lmtp: port } },
    user: async (login) => ({ login, password: "", address: login }),
    pids: () => [],
    restart: async () => void happened.push(`restart ${name}`),
    stop: async () => void happened.push(`stop ${name}`),
  };
}

async function withRunner(run: (runner: Runner, happened: string[]) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "eider-runner-"));
  const happened: string[] = [];
  const runner = new Runner(directory, ["eider", "dovecot", "wildduck"], "full", true, {
    eider: async () => idleServer("eider", "usual", happened),
    dovecot: () => Promise.reject(new Error("not installed\nat all")),
    wildduck: async () => idleServer("wildduck", "slow", happened),
  });
  try {
    await run(runner, happened);
  } finally {
    await runner.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const counted = workload({
  name: "counted",
  title: "{messages} messages",
  sizes: { messages: { full: 100, quick: 10, slow: 20 } },
  figures: { value: { what: "of {messages}", unit: "ms", better: "less" } },
  run: async ({ sizes, round }) => ({ value: sizes.messages + round }),
});

test("Runner takes turns, gives a slow peer its sizes, and says who is missing", async () => {
  await withRunner(async (runner) => {
    const [result] = (await runner.measure(counted, 3))!;
    expect(result).toMatchObject({ title: "100 messages", what: "of 100" });
    expect(result!.servers.eider).toEqual({ median: 101, raw: [100, 101, 102], sizes: { messages: 100 } });
    expect(result!.servers.wildduck).toEqual({ median: 21, raw: [20, 21, 22], sizes: { messages: 20 } });
    expect(runner.missing).toEqual({ dovecot: "not installed" });
  });
});

test("Runner alternates who comes first", async () => {
  const order: string[] = [];
  const run = async ({ server, round }: { server: BenchServer; round: number }) => {
    order.push(`${round} ${server.name}`);
    return { value: 1 };
  };
  await withRunner(async (runner) => void (await runner.measure({ ...counted, run }, 2)));
  expect(order).toEqual(["0 eider", "0 wildduck", "1 wildduck", "1 eider"]);
});

test("Runner keeps what the others gave when a server fails, and starts that one again", async () => {
  const failing = workload({
    ...counted,
    async run({ server, round }) {
      if (server.name === "wildduck" && round === 1) throw new Error("it hangs");
      return { value: round };
    },
  });
  await withRunner(async (runner, happened) => {
    const [result] = (await runner.measure(failing, 3))!;
    expect(result!.servers.eider!.raw).toEqual([0, 1, 2]);
    expect(result!.servers.wildduck!.raw).toEqual([0]);
    expect(runner.failed).toEqual([{ server: "wildduck", workload: "counted", why: "it hangs" }]);
    expect(happened).toEqual(["restart wildduck"]);
  });
});
