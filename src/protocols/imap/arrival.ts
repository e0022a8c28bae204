import type { MessageSource } from "../../actors/account/requests.ts";
import { keptDate } from "../../domain/account/kept-date.ts";
import type { Refusal } from "../../domain/account/refusal.ts";
import type { MailboxId } from "../../domain/ids.ts";
import { refusalReply } from "./refusals.ts";
import { RefusedRead } from "./refused-read.ts";
import type { Session } from "./session.ts";
import { NUL } from "./wire/characters.ts";
import { Cursor } from "./wire/cursor.ts";
import { appendOpening } from "./wire/rules.ts";
import type { AnnouncedLiteral, AppendOpening, LiteralSink } from "./wire/types.ts";
import { ImpossibleName, WireSyntaxError } from "./wire/wire-syntax-error.ts";

/**
 * The message of an APPEND while it arrives. What cannot be taken is refused before it is sent (RFC 7888 §5 for
 * literals that are sent without asking). A small message is kept; a large one goes on to the account as it comes,
 * and the client waits when the account does.
 */
export class Arrival implements LiteralSink {
  /** Status and text of the tagged line, once the literal has been refused. */
  refused = "NO [SERVERBUG] Message was not taken";

  readonly #session: Session;
  #target: { id: MailboxId; uidValidity: number } | null = null;
  #kept: Uint8Array | null = null;
  #filled = 0;
  #upload: string | null = null;
  #size = 0;
  #binary = false;
  #hasNul = false;
  #pieces: Uint8Array[] = [];
  #pieced = 0;
  #underway = 0;
  #refusal: Refusal | null = null;
  #failure: unknown = null;
  #settled: (() => void) | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Decides whether the message is welcome, and lets it come or refuses it. */
  async begin({ args, literal }: AnnouncedLiteral): Promise<void> {
    const session = this.#session;
    const refused = await this.#objection(args, literal.size);
    if (!session.alive) return;
    if (refused !== null) {
      this.refused = refused;
      session.reader.refuse();
      return;
    }
    if (literal.size <= keptAtMost) this.#kept = new Uint8Array(literal.size);
    else {
      this.#upload = session.server.services.randomHex(12);
      const begun = await session.ask({ kind: "uploadBegin", upload: this.#upload });
      if (!session.alive) {
        this.abandon();
        return;
      }
      if (!begun.ok) {
        this.#upload = null;
        this.refused = spoken(begun.refusal);
        session.reader.refuse();
        return;
      }
    }
    this.#size = literal.size;
    this.#binary = literal.binary;
    if (literal.synchronising) session.socket.write("+ OK\r\n");
    session.reader.accept(this);
  }

  /** Another literal in the same APPEND: MULTIAPPEND (RFC 3502), which was not offered. */
  async second(before: Arrival): Promise<void> {
    before.abandon();
    this.refused = "BAD APPEND takes one message";
    this.#session.reader.refuse();
  }

  /** Where the message goes, as found when it began to come. */
  get target(): { id: MailboxId; uidValidity: number } | null {
    return this.#target;
  }

  /**
   * The whole message; a refusal where the account did not take all of it, and null where it had NUL in it, which only
   * literal8 may have: nothing of such a message is kept.
   *
   * @see RFC 3501 §9 (CHAR8), RFC 3516 §4.4 (literal8)
   */
  async source(): Promise<MessageSource | Refusal | null> {
    if (this.#underway > 0) {
      await new Promise<void>((resolve) => {
        this.#settled = resolve;
      });
    }
    if (this.#failure !== null) throw this.#failure;
    if (this.#hasNul) return null;
    if (this.#refusal !== null) return this.#refusal;
    if (this.#kept !== null) return { kind: "bytes", bytes: this.#kept };
    return { kind: "upload", upload: this.#upload! };
  }

  /** The upload is the account's now. */
  delivered(): void {
    this.#upload = null;
  }

  /** Nothing will come of it: the account forgets what it has. */
  abandon(): void {
    this.#kept = null;
    this.#pieces = [];
    const upload = this.#upload;
    this.#upload = null;
    if (upload === null || this.#session.user === null) return;
    this.#session.ask({ kind: "uploadAbort", upload }).catch((error) => {
      this.#session.log().warn({ err: error }, "upload was not forgotten");
    });
  }

  // LiteralSink

  write(bytes: Uint8Array): void {
    if (!this.#binary && !this.#hasNul && bytes.includes(NUL)) {
      this.#hasNul = true;
      this.abandon();
    }
    if (this.#kept !== null) {
      this.#kept.set(bytes, this.#filled);
      this.#filled += bytes.length;
      return;
    }
    if (this.#upload === null) return;
    this.#pieces.push(bytes);
    this.#pieced += bytes.length;
    if (this.#pieced >= pieceSize) this.#send();
  }

  end(): void {
    if (this.#kept === null && this.#pieced > 0) this.#send();
  }

  #send(): void {
    const bytes = new Uint8Array(this.#pieced);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#pieced = 0;
    if (++this.#underway >= mostUnderway) this.#session.reader.hold();
    void this.#sent(bytes);
  }

  async #sent(bytes: Uint8Array): Promise<void> {
    try {
      if (this.#upload !== null && this.#refusal === null) {
        const taken = await this.#session.ask({ kind: "uploadWrite", upload: this.#upload, bytes });
        if (!taken.ok) this.#refusal = taken.refusal;
      }
    } catch (error) {
      this.#failure = error;
    }
    this.#underway--;
    if (this.#underway === 0) this.#settled?.();
    this.#session.reader.resume();
  }

  /** Why the message is not wanted, as the tagged line will say; null: it is. */
  async #objection(args: Uint8Array, size: number): Promise<string | null> {
    const session = this.#session;
    if (session.user === null) return "BAD APPEND is not for the not authenticated state";
    let opening: AppendOpening;
    try {
      opening = appendOpening(new Cursor(args, session.wire));
    } catch (error) {
      if (error instanceof ImpossibleName) return spoken({ kind: "badMailboxName", path: "", why: error.expected });
      if (error instanceof WireSyntaxError) return `BAD APPEND: ${error.message}`;
      throw error;
    }
    if (opening.utf8 && !session.utf8) return "BAD APPEND: UTF8=ACCEPT is not enabled";
    const limit = session.server.options.messageSize;
    if (size > limit) return spoken({ kind: "messageTooBig", limit, size });
    // Nothing was sent: a client that failed to read its own draft would find an empty one here, and believe it.
    if (size === 0) return "NO [CANNOT] A message of no octets is not kept";
    if (opening.internalDate !== undefined && keptDate(opening.internalDate) === null)
      return spoken({ kind: "badDate" });
    try {
      const { mailboxes, quota, used } = await session.read({ kind: "mailboxes" });
      const target = mailboxes.find(({ path }) => path === opening.mailbox);
      if (target === undefined) return spoken({ kind: "noSuchMailbox", path: opening.mailbox });
      if (quota > 0 && used + size > quota) return spoken({ kind: "overQuota", quota, used });
      this.#target = target;
      return null;
    } catch (error) {
      if (error instanceof RefusedRead) return spoken(error.refusal);
      session.log().error({ command: "APPEND", err: error }, "command failed");
      return "NO [SERVERBUG] APPEND failed on the server";
    }
  }

  /** Octets announced. */
  get size(): number {
    return this.#size;
  }
}

/** Larger messages are handed on in pieces of this many octets, this many at a time. */
const keptAtMost = 128 * 1024;
const pieceSize = 128 * 1024;
const mostUnderway = 3;

function spoken(refusal: Refusal): string {
  const { code, text } = refusalReply(refusal, "target");
  return `NO [${code}] ${text}`;
}
