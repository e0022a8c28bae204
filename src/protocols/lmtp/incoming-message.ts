import type { Accounts } from "../../actors/account/requests.ts";
import type { AccountId } from "../../domain/ids.ts";
import { Uploads } from "./uploads.ts";

/** Up to this size a message is kept together and sent as one request. */
const inlineLimit = 128 * 1024;
/** A larger one goes on in pieces of at least this size. */
const pieceSize = 256 * 1024;
const firstBuffer = 8 * 1024;

/**
 * A message while it arrives. Small ones are gathered; larger ones are passed on to the accounts as they come, so that
 * a connection never holds more than about two pieces. One that passes `limit` is dropped, and the rest of it ignored.
 */
export class IncomingMessage {
  /** Octets so far. */
  size = 0;
  readonly #limit: number;
  readonly #beginUploads: () => Uploads;
  /** The octets not passed on yet are its first `#held`. Copied: a sender of many dots makes pieces of one octet. */
  #buffer = Buffer.allocUnsafe(firstBuffer);
  #held = 0;
  #hasher: Bun.CryptoHasher | null = null;
  #uploads: Uploads | null = null;
  #given = false;

  constructor(accounts: Accounts, targets: () => readonly AccountId[], limit: number, freshName: () => string) {
    this.#limit = limit;
    this.#beginUploads = () => new Uploads(accounts, freshName(), targets());
  }

  get tooBig(): boolean {
    return this.size > this.#limit;
  }

  /** Octets of the message. */
  readonly write = (bytes: Uint8Array): void => {
    this.size += bytes.length;
    if (this.tooBig) {
      this.#held = 0;
      return;
    }
    const end = this.#held + bytes.length;
    if (end > this.#buffer.length) {
      const wider = Buffer.allocUnsafe(Math.max(end, this.#buffer.length * 2));
      wider.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = wider;
    }
    this.#buffer.set(bytes, this.#held);
    this.#held = end;
  };

  /** To be called between packets: where it answers a promise, the client is to wait for it. */
  settle(): Promise<void> | null {
    if (this.tooBig) return this.#uploads === null ? null : this.abort();
    if (this.#held < pieceSize) return null;
    return this.#passOn();
  }

  /** The whole message: its bytes where they were few, else the finished uploads. */
  async finish(): Promise<FinishedMessage> {
    if (this.#uploads === null && this.size <= inlineLimit) {
      const bytes = this.#take();
      return { kind: "bytes", bytes, hash: Bun.SHA256.hash(bytes) as Uint8Array };
    }
    if (this.#held > 0) await this.#passOn();
    this.#given = true;
    return { kind: "upload", uploads: this.#uploads!, hash: this.#hasher!.digest() };
  }

  /** The client left, or the message is not wanted. */
  async abort(): Promise<void> {
    this.#held = 0;
    const uploads = this.#given ? null : this.#uploads;
    this.#uploads = null;
    await uploads?.abort();
  }

  async #passOn(): Promise<void> {
    this.#uploads ??= this.#beginUploads();
    this.#hasher ??= new Bun.CryptoHasher("sha256");
    const bytes = this.#take();
    this.#hasher.update(bytes);
    await this.#uploads.write(bytes);
  }

  /** In a buffer of its own size, for a request takes the whole buffer along; and no Buffer, whose `slice` copies nothing. */
  #take(): Uint8Array {
    const bytes = new Uint8Array(this.#buffer.subarray(0, this.#held));
    this.#held = 0;
    return bytes;
  }
}

export type FinishedMessage =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly hash: Uint8Array }
  | { readonly kind: "upload"; readonly uploads: Uploads; readonly hash: Uint8Array };
