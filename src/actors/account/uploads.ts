import type { Content } from "../../domain/account/content.ts";
import type { AccountId, BlobId, MessageId } from "../../domain/ids.ts";
import type { Anatomy } from "../../domain/mime/anatomy.ts";
import { splitMessage } from "../../domain/mime/split.ts";
import type { BlobReference, BlobWriter } from "../../store/blobs.ts";
import { StoreUnavailable } from "../../store/log.ts";
import type { Taken } from "./requests.ts";
import { storeRefusal } from "./store-refusal.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Messages too large for one request. Their pieces are held until the message is whole, or until there are more of
 * them than memory should hold; then they go to a blob as they come. A whole message is divided into its attachments
 * and the skeleton around them, each a blob of its own: the same attachment in ten thousand mailboxes is kept once.
 */
export class Uploads {
  readonly #around: Surroundings;
  readonly #open = new Map<string, Upload>();
  /** Octets held by all of them. */
  #held = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  begin(account: AccountId, name: string): Taken {
    let own = 0;
    for (const key of this.#open.keys()) if (key.startsWith(`${account} `)) own++;
    if (this.#open.size >= mostUploads || own >= mostOfAccount) {
      return { ok: false, refusal: { kind: "busy", why: "too many messages are arriving" } };
    }
    this.#open.set(keyOf(account, name), {
      pieces: [],
      size: 0,
      writer: null,
      touched: this.#around.clock.monotonic(),
      busy: Promise.resolve(),
    });
    return { ok: true };
  }

  /** Pieces may be handed over without waiting for one another: they are taken one at a time, in order. */
  write(account: AccountId, name: string, bytes: Uint8Array): Promise<Taken> {
    const upload = this.#open.get(keyOf(account, name));
    if (!upload) return Promise.resolve(interrupted);
    const taken = upload.busy.then(() => this.#take(account, name, upload, bytes));
    upload.busy = taken.catch(() => undefined);
    return taken;
  }

  async #take(account: AccountId, name: string, upload: Upload, bytes: Uint8Array): Promise<Taken> {
    if (this.#open.get(keyOf(account, name)) !== upload) return interrupted;
    upload.touched = this.#around.clock.monotonic();
    upload.size += bytes.length;
    const limit = this.#around.limits.messageSize;
    if (upload.size > limit + headerRoom) {
      await this.#forget(account, name);
      return { ok: false, refusal: { kind: "messageTooBig", limit, size: upload.size } };
    }
    try {
      if (!upload.writer && (upload.size > heldBytes || this.#held + bytes.length > heldByAll)) {
        upload.writer = this.#around.stores.blobs.create();
        for (const piece of this.#letGo(upload)) await upload.writer.write(piece);
      }
      if (upload.writer) await upload.writer.write(bytes);
      else {
        upload.pieces.push(bytes);
        this.#held += bytes.length;
      }
      return { ok: true };
    } catch (error) {
      await this.#forget(account, name);
      if (error instanceof StoreUnavailable) return { ok: false, refusal: storeRefusal(error) };
      throw error;
    }
  }

  async abort(account: AccountId, name: string): Promise<Taken> {
    await this.#open.get(keyOf(account, name))?.busy;
    await this.#forget(account, name);
    return { ok: true };
  }

  async #forget(account: AccountId, name: string): Promise<void> {
    const upload = this.#open.get(keyOf(account, name));
    this.#open.delete(keyOf(account, name));
    if (upload) this.#letGo(upload);
    if (upload?.writer) await upload.writer.abort();
  }

  /** The pieces of an upload, which are held no longer. */
  #letGo(upload: Upload): Uint8Array[] {
    const pieces = upload.pieces.splice(0);
    for (const piece of pieces) this.#held -= piece.length;
    return pieces;
  }

  /** The upload as durable content of `message`; null where there is no such upload. */
  async finish(
    account: AccountId,
    name: string,
    message: MessageId,
    prefix: Uint8Array | undefined,
  ): Promise<{ content: Content; references: readonly BlobReference[] } | null> {
    const upload = this.#open.get(keyOf(account, name));
    if (!upload) return null;
    await upload.busy;
    // The last pieces may have been refused.
    if (this.#open.get(keyOf(account, name)) !== upload) return null;
    this.#open.delete(keyOf(account, name));
    const body = upload.writer ? await this.#storedWhole(upload.writer) : await this.#storedInParts(upload);
    const references = body.flatMap((piece): BlobReference[] =>
      piece.kind === "blob" ? [{ blob: piece.blob, account, message }] : [],
    );
    await this.#around.stores.blobs.reference(references);
    const content = prefix && prefix.length > 0 ? [{ kind: "literal", bytes: prefix } as const, ...body] : body;
    return { content, references };
  }

  async #storedWhole(writer: BlobWriter): Promise<Content> {
    const { blob, size } = await writer.finish();
    return [{ kind: "blob", blob, size }];
  }

  /** Counts as held until it is stored: else more would come while the processors are behind. */
  async #storedInParts({ pieces }: Upload): Promise<Content> {
    const whole = Buffer.concat(pieces.splice(0));
    try {
      return await this.#divided(whole);
    } finally {
      this.#held -= whole.length;
    }
  }

  async #divided(whole: Buffer): Promise<Content> {
    const [description] = await this.#around.cpu.describe([whole]);
    if (!description) return [await this.#put(whole)];
    const anatomy = JSON.parse(Buffer.from(description.anatomy).toString()) as Anatomy;
    const content: { kind: "blob"; blob: BlobId; size: number }[] = [];
    for (const { start, end } of splitMessage(anatomy, attachmentBytes))
      content.push(await this.#put(whole.subarray(start, end)));
    return content;
  }

  async #put(bytes: Uint8Array): Promise<{ kind: "blob"; blob: BlobId; size: number }> {
    const writer = this.#around.stores.blobs.create();
    await writer.write(bytes);
    const { blob, size } = await writer.finish();
    return { kind: "blob", blob, size };
  }

  /** Forgets uploads that nobody has written to for ten minutes: their client is gone. */
  async forgetAbandoned(): Promise<void> {
    const before = this.#around.clock.monotonic() - 600_000;
    for (const [key, upload] of this.#open) {
      if (upload.touched > before) continue;
      this.#open.delete(key);
      this.#letGo(upload);
      await upload.writer?.abort();
    }
  }
}

type Upload = {
  readonly pieces: Uint8Array[];
  size: number;
  writer: BlobWriter | null;
  touched: number;
  /** Resolves when every piece handed over so far has been taken or refused. */
  busy: Promise<unknown>;
};

const interrupted: Taken = { ok: false, refusal: { kind: "unavailable", why: "the upload was interrupted" } };

const mostUploads = 1_000;
/** Whoever leaves messages half sent is in the way of nobody else. */
const mostOfAccount = 250;
/** An upload larger than this goes to disk as it comes, undivided. */
const heldBytes = 8 * 1024 * 1024;
/** So does any that finds so much held by all of them: clients may send slowly, or leave their messages half sent. */
const heldByAll = 64 * 1024 * 1024;
/** Parts of this size or more are kept as blobs of their own. */
const attachmentBytes = 64 * 1024;
/** What a server may add in front of a message without its counting as larger. */
const headerRoom = 64 * 1024;

function keyOf(account: AccountId, name: string): string {
  return `${account} ${name}`;
}
