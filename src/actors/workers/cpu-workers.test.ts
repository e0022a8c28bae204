import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { Logger } from "../../operation/logger.ts";
import { CpuClient } from "./cpu-client.ts";
import { CpuWorkers } from "./cpu-workers.ts";

test("a job that does not end costs its worker, and nobody waits for it: the message is read plainly", async () => {
  const warnings: string[] = [];
  const logger = { ...console, warn: (_: object, text: string) => warnings.push(text), error: () => {} };
  const workers = new CpuWorkers({
    filename: fileURLToPath(new URL("./cpu-worker.ts", import.meta.url)),
    workers: 1,
    logger: logger as unknown as Logger,
    askEvery: 250,
  });
  const cpu = new CpuClient();
  workers.serve(cpu);
  // A line that mailparser takes minutes to unquote.
  const endless = `Subject: endless\r\nContent-Type: text/plain; format=flowed; delsp=yes\r\n\r\n${"> ".repeat(500_000)}\r\n${" \r\n".repeat(300_000)}`;
  const reading = cpu.readable(Buffer.from(endless));
  const hash = await cpu.hashPassword("secret");
  expect(await cpu.verifyPassword("secret", hash)).toBe(true);
  expect((await reading).headers[0]).toEqual({ key: "subject", value: "endless" });
  expect(warnings).toEqual(["a CPU worker does not answer; it is given up"]);
  await workers.close();
}, 30_000);
