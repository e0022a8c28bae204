import type { SearchCriteria } from "../../domain/search/criteria.ts";
import type { Composed, Draft, NamedTexts, UnreadableAttachment } from "./compose-message.ts";
import type { DecodedAttachment, ShownContent } from "./readable.ts";

/**
 * Work that would hold up a thread that serves others: MIME parsing, text extraction, password hashing. Done by
 * dedicated workers behind Comlink; a job whose worker dies is tried once more on another.
 */
export interface Cpu {
  /** What is stored about messages; null for one that cannot be parsed at all. */
  describe(messages: readonly Uint8Array[]): Promise<readonly (Description | null)[]>;
  /** Which of the messages match; every message is whole. */
  search(criteria: SearchCriteria, messages: readonly SearchedMessage[]): Promise<readonly boolean[]>;
  /** The message as a person reads it; `links`: what links to its attachments begin with, null where they are none. */
  readable(message: Uint8Array, links: string | null): Promise<ShownContent>;
  /** One attachment, decoded; null where there is no such one. */
  attachment(message: Uint8Array, id: string): Promise<DecodedAttachment | null>;
  /** The bytes of a message that is composed of its parts. */
  compose(draft: Draft, texts: NamedTexts): Promise<Composed | UnreadableAttachment>;
  /** The bytes of one that is a text of JSON. */
  messageOfText(text: string, texts: NamedTexts): Promise<Composed>;
  /** A PHC string. */
  hashPassword(password: string): Promise<string>;
  verifyPassword(password: string, hash: string): Promise<boolean>;
}

/** See StoredMessage in store/state.ts. */
export type Description = {
  readonly envelope: Uint8Array;
  readonly bodystructure: Uint8Array;
  readonly anatomy: Uint8Array;
  readonly summary: Uint8Array;
};

export type SearchedMessage = {
  readonly bytes: Uint8Array;
  readonly uid: number;
  readonly modseq: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly date: number;
  /** In lower case. */
  readonly flags: readonly string[];
};
