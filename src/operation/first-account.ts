import type { Accounts } from "../actors/account/requests.ts";
import type { Directory } from "../actors/directory/requests.ts";
import type { RequestId } from "../domain/ids.ts";
import type { DirectoryStore } from "../store/directory.ts";
import { readablePassword } from "./first-run.ts";

/**
 * The account a newcomer tries the server with: made when the data directory is new, once, with a welcome message in
 * its INBOX. Null on every later start.
 */
export async function makeFirstAccount(parts: {
  readonly store: DirectoryStore;
  readonly directory: Directory;
  readonly accounts: Accounts;
  readonly hostname: string;
  readonly random: Uint8Array;
  readonly now: number;
}): Promise<{ address: string; password: string } | null> {
  const { store, directory, accounts, hostname, random, now } = parts;
  const mark = Buffer.from(random).toString("hex");
  if ((await store.setting("first-account")) !== null) return null;
  if ((await store.countUsers()) > 0) return null;
  if ((await store.putSettingOnce("first-account", mark)) !== mark) return null;
  const address = `demo@${hostname}`;
  const password = readablePassword(random);
  const made = await directory.createUser({ username: address, name: "Demo", password });
  if (!made.ok) return null;
  await accounts.ask(made.user.id, {
    kind: "change",
    request: `welcome:${made.user.id}` as RequestId,
    command: {
      kind: "append",
      mailbox: { path: "INBOX" },
      flags: [],
      source: { kind: "bytes", bytes: Buffer.from(welcome(address, hostname, mark, new Date(now))) },
    },
  });
  return { address, password };
}

function welcome(address: string, hostname: string, mark: string, date: Date): string {
  return [
    `From: Eider <postmaster@${hostname}>`,
    `To: ${address}`,
    "Subject: Welcome to Eider",
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <welcome-${mark.slice(0, 16)}@${hostname}>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "This mailbox works. Every change you make to it becomes one entry of its log",
    "before you are told that it is done.",
    "",
    "Next: `npm run -s eider -- user add you@example.com`, and point your MTA's LMTP",
    "at this server. docs/operating.md has the rest.",
    "",
  ].join("\r\n");
}
