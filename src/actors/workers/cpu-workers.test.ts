import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { Logger } from "../../operation/logger.ts";
import { CpuClient } from "./cpu-client.ts";
import { CpuWorkers } from "./cpu-workers.ts";

/** A text that mailparser takes minutes to unquote. */
function endless(subject: string): Uint8Array {
  const text = `${"> ".repeat(500_000)}\r\n${" \r\n".repeat(300_000)}`;
  return Buffer.from(`Subject: ${subject}\r\nContent-Type: text/plain; format=flowed; delsp=yes\r\n\r\n${text}`);
}
const ordinary = Buffer.from(
  "Subject: good\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Type: application/x; name=a.x\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n",
);

let warnings: string[];
let workers: CpuWorkers;
let cpu: CpuClient;
beforeEach(() => {
  warnings = [];
  const logger = { ...console, warn: (_: object, text: string) => warnings.push(text), error: () => {} };
  workers = new CpuWorkers({
    filename: fileURLToPath(new URL("./cpu-worker.ts", import.meta.url)),
    workers: 1,
    logger: logger as unknown as Logger,
  });
  cpu = new CpuClient();
  workers.serve(cpu);
});
afterEach(() => workers.close());

const subjectOf = ({ headers }: { headers: readonly { key: string; value: string }[] }) => headers[0]?.value;

describe("a message whose reading does not end", () => {
  test("costs its worker once, and is read plainly from then on; what others asked for is done", async () => {
    const message = endless("endless");
    const reading = cpu.readable(message, "mallory");
    const behind = cpu.readable(ordinary, "alice");
    const hash = await cpu.hashPassword("secret");
    expect(await cpu.verifyPassword("secret", hash)).toBe(true);
    expect(subjectOf(await reading)).toBe("endless");
    const read = await behind;
    expect([read.text.trim(), read.attachments[0]?.filename]).toEqual(["Hello", "a.x"]);
    for (let again = 0; again < 3; again++) expect(subjectOf(await cpu.readable(message, "mallory"))).toBe("endless");
    expect(await cpu.attachment(message, "ATT00001", "mallory")).toBeNull();
    expect(subjectOf(await cpu.readable(message, "bob"))).toBe("endless");
    expect(warnings).toEqual(["a message takes too long to read; its worker is given up"]);
  }, 30_000);

  test("and many like it, each a little different, cost two", async () => {
    for (let n = 0; n < 10; n++) expect(subjectOf(await cpu.readable(endless(`n${n}`), "mallory"))).toBe(`n${n}`);
    expect(warnings.length).toBe(2);
    // Others' messages are read as ever; the attachments of this account are there, too.
    expect((await cpu.readable(ordinary, "alice")).attachments.length).toBe(1);
    const plainly = await cpu.readable(ordinary, "mallory");
    expect(plainly.attachments).toEqual([{ ...(await cpu.readable(ordinary, "alice")).attachments[0]! }]);
    const attached = await cpu.attachment(ordinary, "ATT00001", "mallory");
    expect(Buffer.from(attached!.bytes).toString()).toBe("hello");
  }, 60_000);
});

test("a worker that dies while it reads: the message is read all the same", async () => {
  const message = endless("endless");
  const began = cpu.readable(message, "mallory");
  await workers.killWorker(0);
  expect(subjectOf(await began)).toBe("endless");
}, 30_000);
