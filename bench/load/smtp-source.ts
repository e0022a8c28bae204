import { existsSync } from "node:fs";

const program = ["/usr/sbin/smtp-source", "/usr/lib/postfix/sbin/smtp-source"].find(existsSync);

/** A server that stopped answering ends the run, milliseconds. */
const patience = 120_000;

export type Burst = {
  readonly port: number;
  readonly to: string;
  readonly connections: number;
  readonly messages: number;
  readonly size: number;
};

/**
 * Postfix's load generator over LMTP, with a Message-Id of its own in each message. It keeps its connections and counts
 * replies, whatever they say: the caller has to count what arrived.
 */
export async function smtpSource(burst: Burst): Promise<void> {
  if (program === undefined) throw new Error("Cannot deliver: smtp-source is not installed (Debian: postfix)");
  const { port, to, connections, messages, size } = burst;
  const options = ["-L", "-d", "-s", `${connections}`, "-m", `${messages}`, "-l", `${size}`];
  const child = Bun.spawn([program, ...options, "-f", "mta@example.org", "-t", to, `127.0.0.1:${port}`], {
    stdout: "ignore",
    stderr: "pipe",
    timeout: patience,
  });
  const said = await child.stderr.text();
  await child.exited;
  if (child.signalCode !== null) throw new Error(`smtp-source has waited ${patience / 1000} s for port ${port}`);
  if (child.exitCode !== 0) throw new Error(`smtp-source failed: ${said}`);
}
