import { readFileSync } from "node:fs";

/** System calls by name, and the octets that went in and out of the kernel by them. */
export type SystemCalls = {
  readonly calls: Readonly<Record<string, number>>;
  readonly received: number;
  readonly sent: number;
  readonly read: number;
  readonly written: number;
};

const kinds: Readonly<Record<string, Exclude<keyof SystemCalls, "calls">>> = {
  ...{ recvfrom: "received", recvmsg: "received" },
  ...{ sendto: "sent", sendmsg: "sent" },
  ...{ read: "read", pread64: "read", readv: "read", preadv: "read", preadv2: "read" },
  ...{ write: "written", pwrite64: "written", writev: "written", pwritev: "written", pwritev2: "written" },
};

/** Follows every thread of a process while `run` runs. It slows the process down many times: for counting, never for timing. */
export async function systemCallsDuring(pid: number, file: string, run: () => Promise<void>): Promise<SystemCalls> {
  const strace = Bun.which("strace");
  if (strace === null) throw new Error("Cannot count system calls: strace is not installed");
  const child = Bun.spawn([strace, "-f", "-s", "0", "-o", file, "-p", `${pid}`], { stdout: "ignore", stderr: "pipe" });
  const reader = child.stderr.getReader();
  let said = "";
  while (!said.includes("attached")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Cannot count system calls: ${said}`);
    said += new TextDecoder().decode(value);
  }
  await Bun.sleep(200);
  await run();
  child.kill("SIGINT");
  await child.exited;
  return summed(readFileSync(file, "latin1"));
}

/** Lines of strace: `123 read(5, ""..., 10) = 10`, or cut in two, the second half being `123 <... read resumed>…) = 10`. */
export function summed(text: string): SystemCalls {
  const calls: Record<string, number> = {};
  const octets = { received: 0, sent: 0, read: 0, written: 0 };
  for (const [, whole, resumed, result] of text.matchAll(/^\d+ +(?:(\w+)\(|<\.\.\. (\w+) resumed>).* = (-?\d+)/gm)) {
    const name = (whole ?? resumed)!;
    calls[name] = (calls[name] ?? 0) + 1;
    const kind = kinds[name];
    if (kind !== undefined) octets[kind] += Math.max(0, Number(result));
  }
  return { calls, ...octets };
}
