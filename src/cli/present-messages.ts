import { createHash } from "node:crypto";
import { nearestKeptDate } from "../domain/account/kept-date.ts";
import type { Api } from "./api.ts";
import type { MailMessage } from "./mail/mail-file.ts";
import { messageSource, messagesIn, type RemoteMailbox } from "./remote-mailboxes.ts";

/** What a mailbox held before the import, each message to be matched once. */
export class PresentMessages {
  readonly #read: (message: number) => Promise<Uint8Array | null>;
  /** Ids of messages whose bytes are not known yet, by size and date. */
  readonly #unread: Map<string, number[]>;
  /** How many messages have the size, the date and these bytes. */
  readonly #counts = new Map<string, number>();

  private constructor(read: (message: number) => Promise<Uint8Array | null>, unread: Map<string, number[]>) {
    this.#read = read;
    this.#unread = unread;
  }

  static async of(api: Api, user: string, mailbox: RemoteMailbox): Promise<PresentMessages> {
    const found = new Map<string, number[]>();
    for await (const { id, size, idate } of messagesIn(api, user, mailbox.id)) {
      const key = keyOf(size, new Date(idate));
      const same = found.get(key);
      if (same) same.push(id);
      else found.set(key, [id]);
    }
    return new PresentMessages((message) => messageSource(api, user, mailbox.id, message), found);
  }

  /** Whether the message is there; if so, it is counted off. Sizes and dates propose, the bytes decide. */
  async take({ bytes, asFound, date }: MailMessage): Promise<boolean> {
    return (await this.#takeBytes(bytes, date)) || (asFound !== undefined && (await this.#takeBytes(asFound, date)));
  }

  async #takeBytes(bytes: Uint8Array, date: Date): Promise<boolean> {
    const key = keyOf(bytes.length, date);
    // All of a kind are read at once: of thousands that are alike none is read twice.
    for (const id of this.#unread.get(key) ?? []) {
      const there = await this.#read(id);
      if (there !== null) this.#count(`${key} ${hashOf(there)}`, 1);
    }
    this.#unread.delete(key);
    if (this.#counts.size === 0) return false;
    const name = `${key} ${hashOf(bytes)}`;
    if (!this.#counts.get(name)) return false;
    this.#count(name, -1);
    return true;
  }

  #count(name: string, change: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + change);
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function keyOf(size: number, date: Date): string {
  return `${size} ${nearestKeptDate(date.getTime())}`;
}
