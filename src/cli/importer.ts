import { createHash } from "node:crypto";
import { nearestKeptDate } from "../domain/account/kept-date.ts";
import { type Api, ApiRefusal } from "./api.ts";
import { CommandFailure } from "./failure.ts";
import type { Left, MailFolder, MailMessage } from "./mail/mail-file.ts";
import { PresentMessages } from "./present-messages.ts";
import { ensureMailbox, type RemoteMailbox } from "./remote-mailboxes.ts";

/** What became of every part of the source: each message is counted in one of these, and each that is not there is named. */
export type ImportResult = {
  stored: number;
  /** Were there already, with the same bytes and date. */
  present: number;
  /** No mail, or deleted by its owner: left out as it should be. */
  omitted: Left[];
  /** Could not be stored; each with the reason. */
  refused: Left[];
  /** Could not be read, or not all of it could be kept. */
  passedOver: Left[];
};

/**
 * Brings the messages of a folder into a mailbox, in their order, with dates, flags and keywords. A message that is
 * there already is left out, so that an import can be repeated after it was interrupted, at any later time and from
 * anywhere: what is there is what the server says, and no file remembers it. Two equal messages of the source become
 * two, as long as there are not two already. A mailbox that the server will not have is named, and ends nothing.
 */
export async function importFolder(
  api: Api,
  user: string,
  folder: MailFolder,
  path: string,
  result: ImportResult,
  onEach: () => void,
): Promise<void> {
  const mailbox = await mailboxFor(api, user, path);
  if ("refusal" in mailbox) {
    for await (const found of folder.messages()) {
      if (found.kind !== "message") result[found.kind].push({ source: found.source, why: found.why });
      else result.refused.push({ source: found.source, why: `there can be no mailbox ${path}: ${mailbox.refusal}` });
      onEach();
    }
    return;
  }
  const present = await PresentMessages.of(api, user, mailbox);
  /** How often the very same message came in this run: part of its name, so that its twin is no repetition of it. */
  const seen = new Map<string, number>();
  for await (const found of folder.messages()) {
    onEach();
    if (found.kind !== "message") {
      result[found.kind].push({ source: found.source, why: found.why });
      continue;
    }
    const { source, message } = found;
    for (const word of message.badKeywords ?? []) {
      result.passedOver.push({ source, why: `its keyword ${word} is none that IMAP can have` });
    }
    const hash = createHash("sha256").update(message.bytes).digest("hex");
    const occurrence = seen.get(hash) ?? 0;
    seen.set(hash, occurrence + 1);
    if (await present.take(message)) result.present += 1;
    else await store(mailbox.id, source, message, `import-${mailbox.id}-${hash}-${occurrence}`);
  }

  async function store(mailbox: string, source: string, message: MailMessage, key: string): Promise<void> {
    try {
      await patiently(() => api.upload(uploadPath(user, mailbox, message), message.bytes, key));
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

async function mailboxFor(api: Api, user: string, path: string): Promise<RemoteMailbox | { refusal: string }> {
  try {
    return await ensureMailbox(api, user, path);
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status >= 500) throw error;
    return { refusal: error.message };
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

function uploadPath(user: string, mailbox: string, { date, flags, keywords }: MailMessage): string {
  const query = new URLSearchParams({ date: new Date(nearestKeptDate(date.getTime())).toISOString() });
  if (!flags.seen) query.set("unseen", "true");
  for (const flag of ["answered", "flagged", "deleted", "draft", "forwarded"] as const) {
    if (flags[flag]) query.set(flag, "true");
  }
  for (const keyword of keywords) query.append("keywords", keyword);
  return `/users/${user}/mailboxes/${mailbox}/messages?${query}`;
}

function isOverQuota(error: ApiRefusal): boolean {
  return /quota/i.test(error.code) || /quota/i.test(error.message);
}
