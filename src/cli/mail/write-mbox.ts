import { createHash } from "node:crypto";
import { closeSync, writeSync } from "node:fs";
import { HeldDirectory } from "./held-directory.ts";
import type { MailMessage } from "./mail-file.ts";

/**
 * Writes one mbox file a folder, `INBOX.mbox`, `Lists/eider.mbox`, with mboxrd quoting. Files there already are refused,
 * and nothing is written through a symbolic link, at no level.
 */
export class MboxWriter {
  readonly #root: HeldDirectory;

  /** @throws PassedOver where `root` is a link or no directory */
  constructor(root: string) {
    this.#root = HeldDirectory.open(root);
  }

  /** @throws where the file is there already, or something else is in its way */
  folder(path: string): { write(uid: number, message: MailMessage): readonly string[]; close(): void } {
    const levels = path.split("/");
    const name = fileName(levels.pop()!, ".mbox");
    let directory = this.#root.again();
    try {
      for (const level of levels) {
        const above = directory;
        directory = above.ensureDirectory(fileName(level, ""));
        above.close();
      }
      const file = directory.create(name);
      return {
        write: (_uid, message) => {
          const entry = mboxEntry(message);
          for (let at = 0; at < entry.length; ) at += writeSync(file, entry, at);
          return [];
        },
        close: () => closeSync(file),
      };
    } finally {
      directory.close();
    }
  }
}

/**
 * A message as it stands in an mbox: the `From ` line with its date in UTC, its bytes with `>` before each line that
 * is `From ` behind any number of `>`, and an empty line. One that does not end in a line break gets one.
 */
export function mboxEntry({ bytes, date }: Pick<MailMessage, "bytes" | "date">): Buffer {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = text.includes("From ")
    ? Buffer.from(text.toString("latin1").replace(/(^|\n)(>*From )/g, "$1>$2"), "latin1")
    : text;
  const missing = body.at(-1) === 0x0a ? "" : "\n";
  return Buffer.concat([Buffer.from(`From MAILER-DAEMON ${asctime(date)}\n`), body, Buffer.from(`${missing}\n`)]);
}

/** `Thu Jan  1 00:00:00 1970` */
function asctime(date: Date): string {
  const [weekday, day, month, year, time] = date.toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${String(Number(day)).padStart(2, " ")} ${time} ${year}`;
}

/**
 * A level of a mailbox's name that the file system takes for a name and nothing else. A directory does not end as files
 * do here, so that the mailboxes `a` and `a.mbox/b` do not meet. What is longer than a name can be is cut, and ends in
 * the beginning of its hash.
 */
function fileName(level: string, ending: "" | ".mbox"): string {
  const escaped = level
    .replace(/[%\\:\p{Cc}]/gu, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .replace(/^\./, "%2e")
    .replace(/\.mbox$/, ending === "" ? "%2embox" : ".mbox");
  const name = `${escaped}${ending}`;
  if (Buffer.byteLength(name) <= longestName) return name;
  const hash = createHash("sha256").update(level).digest("hex").slice(0, 24);
  const room = longestName - ending.length - hash.length - 1;
  let cut = escaped;
  while (Buffer.byteLength(cut) > room) cut = cut.slice(0, -1);
  return `${cut.toWellFormed()}~${hash}${ending}`;
}

/** Octets; ext4, XFS, APFS and NTFS agree. */
const longestName = 255;
