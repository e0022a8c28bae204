import { fileURLToPath } from "node:url";

export type ChildServer = {
  readonly pid: number;
  readonly imap: number;
  readonly pop3: number;
  readonly lmtp: number;
  readonly http: number;
  /** Ends it where it stands. */
  kill(): Promise<void>;
  /** Asks it to leave, and waits until it has. */
  stop(): Promise<number>;
};

/** Starts test/server-process.ts with these settings and waits until it listens. */
export async function startChildServer(settings: Readonly<Record<string, string>>): Promise<ChildServer> {
  const child = Bun.spawn([process.execPath, fileURLToPath(new URL("./server-process.ts", import.meta.url))], {
    env: { ...process.env, ...settings },
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Cannot start the server: it ended with ${await child.exited}`);
    text += new TextDecoder().decode(value);
  }
  const ports = JSON.parse(text.slice(0, text.indexOf("\n"))) as Omit<ChildServer, "pid" | "kill" | "stop">;
  return {
    ...ports,
    pid: child.pid,
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
    stop() {
      child.kill("SIGTERM");
      return child.exited;
    },
  };
}
