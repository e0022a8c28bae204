import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { inboxPath } from "../../domain/account/mailbox-path.ts";
import { encodeModifiedUtf7 } from "../../protocols/imap/wire/modified-utf7.ts";
import type { MailFlags, MailMessage } from "./mail-file.ts";

/** Writes folders as Maildir++ does: INBOX is `root` itself, `Lists/eider` is `root/.Lists.eider`. */
export class MaildirWriter {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Begins a folder; empty ones are kept too. What is there from an earlier run is not written again. */
  folder(path: string): { write(uid: number, message: MailMessage): void; has(uid: number): boolean } {
    const directory = path === inboxPath ? this.#root : join(this.#root, folderName(path));
    for (const part of ["cur", "new", "tmp"]) mkdirSync(join(directory, part), { recursive: true, mode: 0o700 });
    if (directory !== this.#root && !existsSync(join(directory, "maildirfolder"))) {
      closeSync(openSync(join(directory, "maildirfolder"), "w", 0o600));
    }
    const there = new Set(readdirSync(join(directory, "cur")).map((name) => /\.U(\d+)\.eider,/.exec(name)?.[1]));
    return {
      has: (uid) => there.has(String(uid)),
      write: (uid, message) => writeMessage(directory, uid, message),
    };
  }
}

/** `2,` and the letters of the flags in ASCII order. */
export function infoOf(flags: MailFlags): string {
  const letters = [
    flags.draft && "D",
    flags.flagged && "F",
    flags.forwarded && "P",
    flags.answered && "R",
    flags.seen && "S",
    flags.deleted && "T",
  ];
  return `2,${letters.filter(Boolean).join("")}`;
}

function writeMessage(directory: string, uid: number, { bytes, date, flags }: MailMessage): void {
  const seconds = Math.floor(date.getTime() / 1000);
  const name = `${seconds}.U${uid}.eider,S=${bytes.length}`;
  const temporary = join(directory, "tmp", name);
  const file = openSync(temporary, "w", 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  utimesSync(temporary, seconds, seconds);
  renameSync(temporary, join(directory, "cur", `${name}:${infoOf(flags)}`));
}

function folderName(path: string): string {
  const levels = path.split("/").map((level) => encodeModifiedUtf7(level).replaceAll(".", "\\2e"));
  return `.${levels.join(".")}`;
}
