import { afterEach, beforeEach, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { Logger } from "../../operation/logger.ts";
import { CpuClient } from "./cpu-client.ts";
import { CpuWorkers } from "./cpu-workers.ts";

const message = Buffer.from(
  "Subject: good\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Type: application/x; name=a.x\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n",
);

let workers: CpuWorkers;
let cpu: CpuClient;
beforeEach(() => {
  workers = new CpuWorkers({
    filename: fileURLToPath(new URL("./cpu-worker.ts", import.meta.url)),
    workers: 1,
    logger: { ...console, warn() {}, error() {} } as unknown as Logger,
  });
  cpu = new CpuClient();
  workers.serve(cpu);
});
afterEach(() => workers.close());

const textOf = (shown: Uint8Array) => JSON.parse(`{${Buffer.from(shown).toString()}}`).text;

test("messages are read, attachments decoded and passwords looked at, each in its turn", async () => {
  const reading = cpu.readable(message, null);
  const hash = await cpu.hashPassword("secret");
  expect([await cpu.verifyPassword("secret", hash), await cpu.verifyPassword("other", hash)]).toEqual([true, false]);
  const { shown, attachments } = await reading;
  expect([textOf(shown), attachments[0]?.filename]).toEqual(["Hello", "a.x"]);
  expect(Buffer.from((await cpu.attachment(message, "ATT00001"))!.bytes).toString()).toBe("hello");
  expect(await cpu.attachment(message, "ATT00002")).toBeNull();
});

test("a worker that dies while it works: what was asked of it is done all the same", async () => {
  const hashing = cpu.hashPassword("secret");
  const reading = cpu.readable(message, null);
  await workers.killWorker(0);
  expect(textOf((await reading).shown)).toBe("Hello");
  expect(await cpu.verifyPassword("secret", await hashing)).toBe(true);
}, 30_000);
