import { join } from "node:path";
import { listening } from "../servers/child.ts";
import type { BenchUser } from "../servers/server.ts";
import { LmtpConnection } from "./lmtp-connection.ts";
import { message } from "./messages.ts";

export type Crowd = {
  readonly ports: { readonly imap: number; readonly lmtp: number };
  readonly users: readonly BenchUser[];
  /** Of each client process. */
  readonly sessions: number;
  /** They leave as soon as they idle, so that only a few are there at once. */
  readonly passing?: boolean;
  readonly clients: number;
};

export type IdleClients = {
  readonly held: number;
  readonly perSecond: number;
  /** Delivers one message to each user; milliseconds from the last 250 until the last session has heard of its own. */
  deliver(): Promise<number>;
  end(): Promise<void>;
};

/** Sessions that idle, in client processes of their own: a process may have only so many files open. */
export async function startIdleClients({
  ports,
  users,
  sessions,
  clients,
  passing = false,
}: Crowd): Promise<IdleClients> {
  await listening(ports.lmtp);
  const begun = performance.now();
  const children = Array.from({ length: clients }, (_, at) =>
    startChild({ port: ports.imap, users, sessions, passing, from: at * sessions }),
  );
  await Promise.all(children.map(({ said }) => said("ready")));
  const seconds = (performance.now() - begun) / 1000;
  return {
    held: sessions * clients,
    perSecond: (sessions * clients) / seconds,
    async deliver() {
      const connection = await LmtpConnection.open(ports.lmtp);
      let last = 0;
      const heard = Promise.all(children.map(({ said }) => said("heard")));
      for (const [at, { address }] of users.entries()) last = await connection.deliver(address, message(at, 4096));
      await heard;
      connection.close();
      return Math.max(0, performance.now() - last);
    },
    async end() {
      for (const { end } of children) await end();
    },
  };
}

export type IdleOrder = {
  readonly port: number;
  readonly users: readonly BenchUser[];
  readonly sessions: number;
  readonly passing: boolean;
  /** Number of the first session: users are taken in turn. */
  readonly from: number;
};

function startChild(order: IdleOrder) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "idle-client-process.ts")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  child.stdin.write(`${JSON.stringify(order)}\n`);
  child.stdin.flush();
  let text = "";
  const reader = child.stdout.getReader();
  return {
    /** Resolves when the process has said this word. */
    async said(word: string): Promise<void> {
      while (!text.includes(`${word}\n`)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`Idle clients ended before they were ${word}`);
        text += new TextDecoder().decode(value);
      }
    },
    async end(): Promise<void> {
      child.stdin.end();
      await child.exited;
    },
  };
}
