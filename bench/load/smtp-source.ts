import { existsSync } from "node:fs";

const program = ["/usr/sbin/smtp-source", "/usr/lib/postfix/sbin/smtp-source"].find(existsSync);

/** A server that stopped answering ends the run, milliseconds. */
const patience = 300_000;

export type Burst = {
  readonly port: number;
  readonly to: string;
  readonly connections: number;
  readonly messages: number;
  readonly size: number;
};

/**
 * Postfix's load generator over LMTP, one process for each burst, with a Message-Id of its own in each message. It keeps its
 * connections and counts replies, whatever they say: the caller has to count what arrived.
 */
export async function smtpSource(bursts: readonly Burst[]): Promise<void> {
  if (program === undefined) throw new Error("Cannot deliver: smtp-source is not installed (Debian: postfix)");
  const commands = bursts.map(({ port, to, connections, messages, size }) =>
    [program, "-L", "-d", "-s", connections, "-m", messages, "-l", size, "-f", "mta@example.org", "-t", to]
      .concat(`127.0.0.1:${port}`)
      .join(" "),
  );
  // A shell starts a hundred of them sooner than we could.
  const script = `${commands.map((command) => `${command} & all="$all $!"`).join("\n")}
for one in $all; do wait $one || exit 1; done`;
  const child = Bun.spawn(["sh", "-c", script], { stdout: "ignore", stderr: "pipe", timeout: patience });
  const said = await child.stderr.text();
  await child.exited;
  if (child.signalCode !== null) throw new Error(`smtp-source has waited ${patience / 1000} s: ${bursts[0]?.port}`);
  if (child.exitCode !== 0) throw new Error(`smtp-source failed: ${said}`);
}
