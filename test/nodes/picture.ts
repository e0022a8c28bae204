import { ImapClient } from "../transcripts/imap-client.ts";

/** One folder as a client sees it; messages by UID. */
export type FolderPicture = {
  readonly status: string;
  readonly messages: Readonly<Record<number, { flags: string; modseq: number; size: number }>>;
};

/** Every folder of a user as IMAP shows it on this port: status, UIDs, flags, modseqs, sizes; and the quota. */
export async function pictureOf(
  port: number,
  user: string,
): Promise<{ folders: Record<string, FolderPicture>; quota: string }> {
  const client = await loggedIn(port, user);
  const { lines: listed } = await client.ok('LIST "" "*"');
  const folders: Record<string, FolderPicture> = {};
  for (const line of listed) {
    const path = /^\* LIST \([^)]*\) "\/" (.*)$/.exec(line)![1]!;
    await client.ok(`EXAMINE ${path}`);
    const { lines } = await client.ok("UID FETCH 1:* (FLAGS MODSEQ RFC822.SIZE)");
    const messages: Record<number, { flags: string; modseq: number; size: number }> = {};
    for (const fetched of lines) {
      const uid = Number(/UID (\d+)/.exec(fetched)?.[1]);
      if (!uid) continue;
      const flags = /FLAGS \(([^)]*)\)/
        .exec(fetched)![1]!
        .split(" ")
        .filter((flag) => flag !== "\\Recent");
      if (messages[uid]) throw new Error(`UID ${uid} is there twice in ${path}`);
      messages[uid] = {
        flags: flags.sort().join(" "),
        modseq: Number(/MODSEQ \((\d+)\)/.exec(fetched)![1]),
        size: Number(/RFC822\.SIZE (\d+)/.exec(fetched)![1]),
      };
    }
    const { lines: status } = await client.ok(`STATUS ${path} (MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)`);
    folders[path] = { status: status.find((each) => each.startsWith("* STATUS"))!, messages };
  }
  const { lines: quota } = await client.ok("GETQUOTAROOT INBOX");
  client.close();
  return { folders, quota: quota.join() };
}

export async function loggedIn(port: number, user: string): Promise<ImapClient> {
  const client = await ImapClient.connect({ port: () => port });
  await client.ok(`LOGIN ${user} secret`);
  return client;
}

/** Logged in with a folder selected. */
export async function selected(port: number, user: string, folder = "INBOX"): Promise<ImapClient> {
  const client = await loggedIn(port, user);
  await client.ok(`SELECT ${folder}`);
  return client;
}
