import { ImapClient } from "../transcripts/imap-client.ts";
import type { SeenInbox } from "./delivery-ledger.ts";
import { type Folder, type Folders, flagText } from "./folder-model.ts";
import type { CrashUser } from "./lanes/lane.ts";
import { nameOf, sha256 } from "./letter.ts";

/** A user's mail as IMAP shows it after a crash. What was read of INBOX before is read again only when asked to. */
export class Observer {
  readonly #user: CrashUser;
  readonly #inbox = new Map<number, { name: string; ending: (length: number) => string }>();

  constructor(user: CrashUser) {
    this.#user = user;
  }

  /** A change comes first: a node that has not heard of what another one appended meets it there, and reads it. */
  async see(port: number, again: boolean): Promise<{ inbox: SeenInbox; folders: Folders }> {
    const client = await ImapClient.connect({ port: () => port });
    try {
      await client.ok(`LOGIN ${this.#user.name} secret`);
      await client.ok("UNSUBSCRIBE INBOX");
      await client.ok("SUBSCRIBE INBOX");
      const { lines } = await client.ok('LIST "" "*"');
      const paths = lines.map((line) => /^\* LIST \([^)]*\) "\/" "?([^"]*)"?$/.exec(line)![1]!);
      const folders = new Map<string, Folder>();
      for (const path of paths) if (/^lane/.test(path)) folders.set(path, await folder(client, path));
      if (again) this.#inbox.clear();
      return { inbox: await this.#readInbox(client), folders };
    } finally {
      client.close();
    }
  }

  async #readInbox(client: ImapClient): Promise<SeenInbox> {
    const opened = facts((await client.ok("EXAMINE INBOX")).lines);
    const there = new Set<number>();
    for (const { uid } of fetched((await client.ok("UID FETCH 1:* (UID)")).lines)) there.add(uid);
    for (const uid of this.#inbox.keys()) if (!there.has(uid)) this.#inbox.delete(uid);
    const unread = [...there].filter((uid) => !this.#inbox.has(uid));
    for (let from = 0; from < unread.length; from += 200) {
      const set = unread.slice(from, from + 200).join();
      for (const { uid, body } of fetched((await client.ok(`UID FETCH ${set} (BODY.PEEK[])`)).lines)) {
        this.#inbox.set(uid, { name: nameOf(body), ending: (length) => body.slice(-length) });
      }
    }
    return { ...opened, messages: new Map(this.#inbox) };
  }
}

async function folder(client: ImapClient, path: string): Promise<Folder> {
  const opened = facts((await client.ok(`EXAMINE ${path}`)).lines);
  const { lines } = await client.ok("UID FETCH 1:* (FLAGS BODY.PEEK[])");
  const messages = new Map(fetched(lines).map(({ uid, body, flags }) => [uid, { hash: sha256(body), flags }]));
  return { ...opened, messages };
}

function facts(lines: readonly string[]): { uidValidity: number; uidNext: number } {
  const text = lines.join("\n");
  const number = (name: string) => Number(new RegExp(`\\[${name} (\\d+)\\]`).exec(text)![1]);
  return { uidValidity: number("UIDVALIDITY"), uidNext: number("UIDNEXT") };
}

function fetched(lines: readonly string[]) {
  return lines.flatMap((line) => {
    if (!/^\* \d+ FETCH /.test(line)) return [];
    const literal = /BODY\[\] \{(\d+)\}\r\n/.exec(line);
    const start = literal ? literal.index + literal[0].length : 0;
    const body = literal ? line.slice(start, start + Number(literal[1])) : "";
    // What surrounds the bytes: inside them anything may be written.
    const around = literal ? line.slice(0, literal.index) + line.slice(start + body.length) : line;
    const uid = Number(/UID (\d+)/.exec(around)![1]);
    return [{ uid, body, flags: flagText(/FLAGS \(([^)]*)\)/.exec(around)?.[1]?.split(" ") ?? []) }];
  });
}
