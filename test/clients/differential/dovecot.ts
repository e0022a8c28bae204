import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ImapPeer } from "./imap-peer.ts";

const program = "/usr/lib/dovecot/imap";

/** What has to be installed. As root, Dovecot would refuse to run: another program makes it somebody else. */
export const dovecotPrograms = process.getuid?.() === 0 ? [program, "setpriv"] : [program];

/** Who Dovecot is where we are root: `nobody` of Debian. */
const nobody = 65534;

/**
 * A session of Dovecot with the mailbox in this directory, which is made where it is not there: its IMAP process alone,
 * on a pipe and logged in already, as its master would start it. No port, no daemon.
 */
export async function openDovecot(home: string): Promise<ImapPeer> {
  const isRoot = process.getuid?.() === 0;
  mkdirSync(home, { recursive: true });
  if (isRoot) {
    chmodSync(home, 0o755);
    chownSync(home, nobody, nobody);
  }
  const specialUse = ["Drafts", "Junk", "Sent", "Trash"].map(
    (name) =>
      `  mailbox ${name === "Sent" ? '"Sent Mail"' : name} {\n    auto = subscribe\n    special_use = \\${name}\n  }\n`,
  );
  const config = join(home, "dovecot.conf");
  const lines = [
    "protocols = imap",
    `base_dir = ${home}/run`,
    `state_dir = ${home}/state`,
    `log_path = ${home}/log`,
    "ssl = no",
    `mail_location = maildir:${home}/mail`,
    `first_valid_uid = ${statSync(home).uid}`,
    `first_valid_gid = ${statSync(home).gid}`,
    `namespace inbox {\n  inbox = yes\n  separator = /\n${specialUse.join("")}}`,
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const become = isRoot ? ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"] : [];
  const child = Bun.spawn([...become, program, "-c", config], {
    env: { USER: "reader", HOME: home, PATH: process.env.PATH },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  const peer = new ImapPeer({
    write(text) {
      child.stdin.write(Buffer.from(text, "latin1"));
      child.stdin.flush();
    },
    incoming: child.stdout,
    close: () => child.kill(),
  });
  const greeting = await peer.greeting();
  if (!greeting.startsWith("* PREAUTH ")) throw new Error(`Dovecot does not greet as expected: ${greeting}`);
  return peer;
}
