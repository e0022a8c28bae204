import { createHash } from "node:crypto";
import { nearestKeptDate } from "../domain/account/kept-date.ts";
import { type Api, ApiRefusal } from "./api.ts";
import { CommandFailure } from "./failure.ts";
import type { MailFolder, MailMessage } from "./mail/mail-file.ts";
import { ensureMailbox, messageSource, messagesIn, type RemoteMailbox } from "./remote-mailboxes.ts";

export type ImportResult = {
  stored: number;
  /** Were there already, with the same bytes and date. */
  present: number;
  /** Could not be stored; each with the reason. */
  refused: { source: string; why: string }[];
};

/**
 * Brings the messages of a folder into a mailbox, in their order, with dates and flags. A message that is there already
 * is left out, so that an import can be repeated after it was interrupted, at any later time and from anywhere: what is
 * there is what the server says, and no file remembers it. Two equal messages of the source become two, as long as
 * there are not two already.
 */
export async function importFolder(
  api: Api,
  user: string,
  folder: MailFolder,
  path: string,
  result: ImportResult,
  onEach: () => void,
): Promise<void> {
  const mailbox = await ensureMailbox(api, user, path);
  const present = await PresentMessages.of(api, user, mailbox);
  /** How often the very same message came in this run: part of its name, so that its twin is no repetition of it. */
  const seen = new Map<string, number>();
  for await (const { source, message } of folder.messages()) {
    const hash = createHash("sha256").update(message.bytes).digest("hex");
    const occurrence = seen.get(hash) ?? 0;
    seen.set(hash, occurrence + 1);
    if (await present.take(message, hash)) result.present += 1;
    else await store(source, message, `import-${mailbox.id}-${hash}-${occurrence}`);
    onEach();
  }

  async function store(source: string, message: MailMessage, key: string): Promise<void> {
    try {
      await patiently(() => api.upload(uploadPath(user, mailbox.id, message), message.bytes, key));
      result.stored += 1;
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status >= 500) throw error;
      if (isOverQuota(error)) {
        throw new CommandFailure(
          `The mailbox is full after ${result.stored} messages`,
          error.message,
          "raise the quota and run the same command again: it goes on where it stopped",
        );
      }
      result.refused.push({ source, why: error.message });
    }
  }
}

/** Tries again while the server says that it is busy, for about half a minute. */
async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      const busy = error instanceof ApiRefusal && error.retryAfter !== null && error.status >= 429;
      if (!busy || attempt === 6) throw error;
      await Bun.sleep(Math.min(error.retryAfter ?? 1, 10) * 1000);
    }
  }
}

function uploadPath(user: string, mailbox: string, { date, flags }: MailMessage): string {
  const query = new URLSearchParams({ date: new Date(nearestKeptDate(date.getTime())).toISOString() });
  if (!flags.seen) query.set("unseen", "true");
  for (const flag of ["answered", "flagged", "deleted", "draft", "forwarded"] as const) {
    if (flags[flag]) query.set(flag, "true");
  }
  return `/users/${user}/mailboxes/${mailbox}/messages?${query}`;
}

function isOverQuota(error: ApiRefusal): boolean {
  return /quota/i.test(error.code) || /quota/i.test(error.message);
}

/** What a mailbox held before the import, each message to be matched once. */
class PresentMessages {
  readonly #bySizeAndDate: Map<string, number[]>;
  readonly #hashes = new Map<number, string | null>();

  private constructor(
    readonly read: (message: number) => Promise<Uint8Array | null>,
    bySizeAndDate: Map<string, number[]>,
  ) {
    this.#bySizeAndDate = bySizeAndDate;
  }

  static async of(api: Api, user: string, mailbox: RemoteMailbox): Promise<PresentMessages> {
    const found = new Map<string, number[]>();
    for await (const { id, size, idate } of messagesIn(api, user, mailbox.id)) {
      const key = keyOf(size, new Date(idate));
      found.set(key, [...(found.get(key) ?? []), id]);
    }
    return new PresentMessages((message) => messageSource(api, user, mailbox.id, message), found);
  }

  /** Whether the message is there; if so, it is counted off. Sizes and dates propose, the bytes decide. */
  async take({ bytes, date }: MailMessage, hash: string): Promise<boolean> {
    const candidates = this.#bySizeAndDate.get(keyOf(bytes.length, date)) ?? [];
    for (const [index, candidate] of candidates.entries()) {
      if ((await this.#hashOf(candidate)) !== hash) continue;
      candidates.splice(index, 1);
      this.#hashes.delete(candidate);
      return true;
    }
    return false;
  }

  async #hashOf(message: number): Promise<string | null> {
    const known = this.#hashes.get(message);
    if (known !== undefined) return known;
    const bytes = await this.read(message);
    const hash = bytes === null ? null : createHash("sha256").update(bytes).digest("hex");
    this.#hashes.set(message, hash);
    return hash;
  }
}

function keyOf(size: number, date: Date): string {
  return `${size} ${nearestKeptDate(date.getTime())}`;
}
