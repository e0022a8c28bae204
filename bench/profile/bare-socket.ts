import { join } from "node:path";
import { ImapConnection } from "../load/imap-connection.ts";

/**
 * Answers a second of a server that does nothing but write `size` octets, prepared before, for each line that it gets:
 * what the sockets, the kernel and this client allow.
 */
export async function bareAnswers(size: number, seconds = 2): Promise<number> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "bare-socket-process.ts"), `${size}`], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  const connection = await ImapConnection.open(Number(new TextDecoder().decode(value)));
  const begun = performance.now();
  let answers = 0;
  while (performance.now() - begun < seconds * 1000) {
    await connection.exchange(Buffer.from("x ANSWER\r\n"), "x OK");
    answers++;
  }
  const rate = (answers * 1000) / (performance.now() - begun);
  connection.close();
  child.stdin.end();
  await child.exited;
  return rate;
}
