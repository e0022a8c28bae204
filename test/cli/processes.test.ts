import { expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { MongoClient } from "mongodb";
import { isThere, mongoEngine, redisEngine } from "../engines.ts";
import { portVariables } from "./command-line.ts";

const [mongo, redis] = await Promise.all([mongoEngine(), redisEngine()]);
const main = resolve(import.meta.dir, "../../src/cli/main.ts");

test.skipIf(!isThere(mongo) || !isThere(redis))(
  "processes = 2: both serve the same ports, one that dies is replaced, SIGTERM ends all",
  async () => {
    if (!isThere(mongo) || !isThere(redis)) return;
    const cwd = mkdtempSync(join(tmpdir(), "eider-processes-"));
    const database = `eider-test-${randomUUID()}`;
    const ports = Object.fromEntries(
      await Promise.all(portVariables.map(async (name) => [name, String(await freePort())])),
    );
    const health = `http://127.0.0.1:${ports.EIDER_HTTP_PORT}/health/details`;
    const token = randomUUID();
    const child = Bun.spawn([process.execPath, main, "start"], {
      cwd,
      env: {
        ...process.env,
        ...ports,
        EIDER_STORE_KIND: "mongodb",
        EIDER_MONGODB_URL: mongo.url,
        EIDER_MONGODB_DATABASE: database,
        EIDER_REDIS_URL: redis.url,
        EIDER_HTTP_TOKEN: token,
        EIDER_PROCESSES: "2",
      },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    const said = new Response(child.stderr).text();
    /** The process ids of nodes that answer, until there are two that `wanted` takes. */
    const nodes = async (wanted: (pid: number) => boolean): Promise<number[]> => {
      const found = new Set<number>();
      while (found.size < 2) {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${await said}`);
        const answer = await fetch(health, { headers: { "x-access-token": token, connection: "close" } }).catch(
          () => null,
        );
        if (answer?.ok !== true) {
          await Bun.sleep(20);
          continue;
        }
        const pid = Number(((await answer.json()) as { node: string }).node.split(":").at(-1));
        if (wanted(pid)) found.add(pid);
      }
      return [...found];
    };
    try {
      const [victim] = await nodes(() => true);
      process.kill(victim!, "SIGKILL");
      const now = await nodes((pid) => pid !== victim);
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
      for (const pid of now) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
      expect((await said).match(/^Eider \d/gm)).toHaveLength(1);
      expect(await said).toContain(`process ${victim} ended`);
    } finally {
      child.kill("SIGKILL");
      const client = await MongoClient.connect(mongo.url);
      await client.db(database).dropDatabase();
      await client.close();
      rmSync(cwd, { recursive: true });
    }
  },
  60_000,
);

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}
