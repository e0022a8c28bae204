import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { MailMessage } from "./mail-file.ts";

/** Writes one mbox file a folder, `INBOX.mbox`, `Lists/eider.mbox`, with mboxrd quoting. Files there already are refused. */
export class MboxWriter {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  folder(path: string): { write(uid: number, message: MailMessage): void; close(): void } {
    const name = `${path.split("/").map(safeLevel).join("/")}.mbox`;
    const target = join(this.#root, name);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    const file = openSync(target, "wx", 0o600);
    return {
      write: (_uid, message) => {
        const entry = mboxEntry(message);
        for (let at = 0; at < entry.length; ) at += writeSync(file, entry, at);
      },
      close: () => closeSync(file),
    };
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

/** A level of a mailbox name that the file system takes for a name and nothing else. */
function safeLevel(level: string): string {
  const escaped = level.replace(/[%\\:\p{Cc}]/gu, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return escaped.replace(/^\./, "%2e");
}
