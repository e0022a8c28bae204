/**
 * The names of things. Account, mailbox and message ids are ObjectIds written as 24 lower-case hex digits, as
 * WildDuck's API shows them and as OBJECTID (RFC 8474) carries them. Brands make mixing two of them a type error.
 */
declare const brand: unique symbol;
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

export type AccountId = Branded<string, "AccountId">;
export type MailboxId = Branded<string, "MailboxId">;
/** Names a message's content and identity; every copy of the message within the account shares it. */
export type MessageId = Branded<string, "MessageId">;
/** SHA-256 of the bytes, 64 lower-case hex digits. */
export type BlobId = Branded<string, "BlobId">;
/** Names one wish to change something; the same wish sent twice takes effect once. */
export type RequestId = Branded<string, "RequestId">;
/** RFC 9051 §2.3.1.1: 1 … 2^32 - 1. */
export type Uid = Branded<number, "Uid">;
/** RFC 7162 §3.1: the log sequence number of the change; 1 or more. */
export type ModSeq = Branded<number, "ModSeq">;

const objectIdShape = /^[0-9a-f]{24}$/;

/** True for 24 lower-case hex digits. */
export function isObjectId(text: string): boolean {
  return objectIdShape.test(text);
}
