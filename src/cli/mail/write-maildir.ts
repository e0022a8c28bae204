import { closeSync, fsyncSync, futimesSync, writeSync } from "node:fs";
import { inboxPath } from "../../domain/account/mailbox-path.ts";
import { HeldDirectory, PassedOver } from "./held-directory.ts";
import type { MailMessage } from "./mail-file.ts";
import { dovecotKeywords, letters } from "./maildir-keywords.ts";
import { cutNameFile, folderName, infoOf } from "./maildir-names.ts";

/** A message that may have been exported before: what is known of it without its bytes. */
export type Known = { readonly uid: number; readonly size: number; readonly date: Date };

export type MaildirFolder = {
  /** Whether an earlier run wrote it. */
  has(message: Known): boolean;
  /** Answers the keywords that had no place any more. */
  write(uid: number, message: MailMessage): readonly string[];
  close(): void;
};

/**
 * Writes folders as Maildir++ does: INBOX is the directory itself, `Lists/eider` is `.Lists.eider` in it. Nothing is
 * written through a symbolic link, at no level. `maildirfolder`, `dovecot-keywords` and the names of files are as Dovecot
 * has them, which then sees the folders, keywords and the order of messages as they were.
 */
export class MaildirWriter {
  readonly #root: HeldDirectory;
  /** Which mailbox went to a directory: on a file system that takes `a` for `A` two can meet there. */
  readonly #taken = new Map<string, string>();

  /** @throws PassedOver where `root` is a link or no directory */
  constructor(root: string) {
    this.#root = HeldDirectory.open(root);
  }

  /**
   * Begins a folder; empty ones are kept too. What is there from an earlier run, of the mailbox with that id, is not
   * written again.
   *
   * @throws PassedOver where something else is in its way
   */
  folder(path: string, mailbox: string): MaildirFolder {
    const inbox = path === inboxPath;
    const { name, cut } = folderName(path);
    const directory = inbox ? this.#root.again() : this.#root.ensureDirectory(name);
    const parts: HeldDirectory[] = [];
    const close = () => {
      for (const held of [...parts, directory]) held.close();
    };
    try {
      const other = this.#taken.get(directory.identity());
      if (other !== undefined) throw new PassedOver(`mailbox ${other} has the same directory on this file system`);
      this.#taken.set(directory.identity(), path);
      for (const part of ["cur", "new", "tmp"]) parts.push(directory.ensureDirectory(part));
      if (!inbox) writeOnce(directory, "maildirfolder", "");
      if (cut) writeOnce(directory, cutNameFile, `${path}\n`);
      return { ...new FolderWriter(directory, parts[0]!, parts[2]!, mailbox).bound(), close };
    } catch (error) {
      close();
      throw error;
    }
  }
}

class FolderWriter {
  readonly #keywords: Map<string, string>;
  readonly #there: Set<string>;

  constructor(
    readonly directory: HeldDirectory,
    readonly cur: HeldDirectory,
    readonly tmp: HeldDirectory,
    readonly mailbox: string,
  ) {
    this.#keywords = new Map([...dovecotKeywords(directory)].map(([letter, word]) => [word.toLowerCase(), letter]));
    this.#there = new Set(cur.names().map((name) => name.toString("latin1").replace(/:.*$/, "")));
  }

  bound(): Omit<MaildirFolder, "close"> {
    return {
      has: (message) => this.#there.has(nameOf(message, this.mailbox)) || this.#there.has(oldNameOf(message)),
      write: (uid, message) => this.#write(uid, message),
    };
  }

  #write(uid: number, { bytes, date, flags, keywords }: MailMessage): readonly string[] {
    // `$Forwarded` is the letter P too, which mbsync and mutt know; Dovecot does not, and has a letter of keywords for it.
    const placed = keywords.map((word) => this.#letterOf(word));
    const name = nameOf({ uid, size: bytes.length, date }, this.mailbox);
    const seconds = Math.floor(date.getTime() / 1000);
    writeWhole(this.tmp, name, bytes, seconds);
    const info = infoOf(flags, placed.filter((letter) => letter !== null).join(""));
    this.tmp.move(name, this.cur, `${name}:${info}`);
    return keywords.filter((word, at) => placed[at] === null && word.toLowerCase() !== "$forwarded");
  }

  /** The letter of a keyword, which gets one if there is one left; null: there is none. */
  #letterOf(word: string): string | null {
    const known = this.#keywords.get(word.toLowerCase());
    if (known !== undefined) return known;
    const used = dovecotKeywords(this.directory);
    const free = [...letters].find((letter) => !used.has(letter));
    if (free === undefined) return null;
    used.set(free, word);
    this.#keywords.set(word.toLowerCase(), free);
    const lines = [...letters].filter((letter) => used.has(letter));
    const text = lines.map((letter) => `${letters.indexOf(letter)} ${used.get(letter)}\n`).join("");
    writeWhole(this.tmp, keywordsFile, Buffer.from(text));
    this.tmp.move(keywordsFile, this.directory, keywordsFile);
    return free;
  }
}

const keywordsFile = "dovecot-keywords";

/**
 * The file of a message. Dovecot and others order messages of the same second by names: the UID has its zeros. The
 * mailbox's id is in it, for one that was deleted and made again gives the same UIDs to other messages.
 */
function nameOf({ uid, size, date }: Known, mailbox: string): string {
  return `${secondsOf(date)}.U${String(uid).padStart(10, "0")}_${mailbox}.eider,S=${size}`;
}

/** As exports before those were named. */
function oldNameOf({ uid, size, date }: Known): string {
  return `${secondsOf(date)}.U${uid}.eider,S=${size}`;
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function writeOnce(directory: HeldDirectory, name: string, text: string): void {
  if (!directory.look(name)) writeWhole(directory, name, Buffer.from(text));
}

/** Writes a file that is not there; one that an interrupted run left behind gives way. */
function writeWhole(directory: HeldDirectory, name: string, bytes: Uint8Array, seconds?: number): void {
  if (directory.look(name)) directory.remove(name);
  const file = directory.create(name);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    if (seconds !== undefined) futimesSync(file, seconds, seconds);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
