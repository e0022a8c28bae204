import { spawn } from "node:child_process";

export type ClientRun = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs a mail client to its end. Not blocking: the server it talks to may live in this process. */
export function runClient(
  command: readonly string[],
  input = "",
  env: Readonly<Record<string, string>> = {},
): Promise<ClientRun> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command;
    const child = spawn(program!, args, { env: { ...process.env, ...env }, timeout: 60_000 });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => stdout.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => stderr.push(bytes));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code, stdout: Buffer.concat(stdout).toString("latin1"), stderr: Buffer.concat(stderr).toString() }),
    );
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
