import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { ImapFlow } from "imapflow";
import type { Console } from "../../src/cli/console.ts";
import { run } from "../../src/cli/run.ts";
import { startServer } from "../../src/main.ts";

export type Said = { readonly code: number; readonly out: string; readonly err: string; json<T>(): T };

/** The command line as an operator types it, in this process. `typed`: the answers at prompts; left out: no terminal. */
export async function eider(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  typed?: readonly string[],
): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const answers = [...(typed ?? [])];
  const answer = async () => (typed === undefined ? null : (answers.shift() ?? null));
  const console: Console = {
    out: { write: (text) => void out.push(text) },
    err: { write: (text) => void err.push(text), isTTY: false },
    readStdin: async () => "",
    askSecret: answer,
    ask: answer,
    env,
    cwd: tmpdir(),
  };
  const code = await run(words, console, "1.2.3", startServer);
  return { code, out: out.join(""), err: err.join(""), json: <T>() => JSON.parse(out.join("")) as T };
}

/** As `eider`, and an error of the test where it did not do what it was asked. */
export async function done(words: readonly string[], env: Readonly<Record<string, string>>, typed?: readonly string[]) {
  const said = await eider(words, env, typed);
  if (said.code !== 0) throw new Error(`eider ${words.join(" ")}: ${said.code}\n${said.err}${said.out}`);
  return said;
}

export async function connected(port: number, user: string): Promise<ImapFlow> {
  const client = new ImapFlow({
    ...{ host: "127.0.0.1", port, secure: false, doSTARTTLS: false, logger: false },
    auth: { user, pass: "secret" },
    tls: { rejectUnauthorized: false },
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

export async function imap<T>(port: number, user: string, act: (client: ImapFlow) => Promise<T>): Promise<T> {
  const client = await connected(port, user);
  try {
    return await act(client);
  } finally {
    await client.logout();
  }
}

export type Message = {
  readonly uid: number;
  readonly flags: string;
  readonly modseq: string;
  readonly date: string;
  readonly sha256: string;
};
export type Folder = { readonly uidValidity: string; readonly uidNext: number; readonly messages: readonly Message[] };

/** All that a client can know of an account: folders, UIDVALIDITY, and of each message UID, flags, mod-sequence, date and bytes. */
export function wholeAccount(port: number, user: string): Promise<Record<string, Folder>> {
  return imap(port, user, async (client) => {
    const folders: Record<string, Folder> = {};
    for (const { path } of await client.list()) {
      const opened = await client.mailboxOpen(path, { readOnly: true });
      const messages: Message[] = [];
      if (opened.exists > 0) {
        const wanted = { uid: true, flags: true, source: true, internalDate: true } as const;
        for await (const found of client.fetch("1:*", wanted, { changedSince: 1n, uid: true })) {
          messages.push({
            uid: found.uid,
            flags: [...found.flags!]
              .filter((flag) => flag !== "\\Recent")
              .sort()
              .join(" "),
            modseq: String(found.modseq),
            date: new Date(found.internalDate!).toISOString(),
            sha256: createHash("sha256").update(found.source!).digest("hex"),
          });
        }
      }
      messages.sort((a, b) => a.uid - b.uid);
      folders[path] = { uidValidity: String(opened.uidValidity), uidNext: opened.uidNext, messages };
    }
    return folders;
  });
}

/** The subjects in a folder, in the order of UIDs. */
export function subjectsIn(port: number, user: string, path = "INBOX"): Promise<string[]> {
  return imap(port, user, async (client) => {
    const { exists } = await client.mailboxOpen(path, { readOnly: true });
    const subjects: string[] = [];
    if (exists > 0)
      for await (const { envelope } of client.fetch("1:*", { envelope: true })) subjects.push(envelope!.subject!);
    return subjects;
  });
}

/** The hashes of a folder's messages, and nothing that depends on UIDs. */
export function bytesOf(folder: Folder | undefined): string[] {
  return (folder?.messages ?? []).map(({ sha256 }) => sha256).sort();
}

/** A message that says which it is; `size` bytes of attachment make it one that is kept in blobs. */
export function letter(name: string, size = 0): string {
  const head = `From: a@example.org\r\nTo: b@example.org\r\nSubject: ${name}\r\nMessage-ID: <${name}@example.org>\r\n`;
  if (size === 0) return `${head}\r\nThis is ${name}.\r\n`;
  const line = `${name.padEnd(76, "x").slice(0, 76)}\r\n`;
  const attachment = line.repeat(Math.ceil(size / line.length));
  return [
    `${head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n`,
    `--b\r\nContent-Type: text/plain\r\n\r\nSee ${name}.\r\n`,
    `--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: 7bit\r\n\r\n${attachment}\r\n--b--\r\n`,
  ].join("");
}
