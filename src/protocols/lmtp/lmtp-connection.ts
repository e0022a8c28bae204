import type { Socket } from "node:net";
import type { SMTPServerSession } from "smtp-server";
import { SMTPConnection } from "smtp-server/lib/smtp-connection.js";
import type { SMTPStream } from "smtp-server/lib/smtp-stream.js";
import type { Place } from "../admission.ts";
import { data } from "./commands/data.ts";
import type { IncomingMessage } from "./incoming-message.ts";
import { idleMs, type LmtpServer } from "./lmtp-server.ts";
import { LmtpStream } from "./lmtp-stream.ts";
import type { Recipient } from "./recipient.ts";
import { overloaded } from "./refusals.ts";
import { type PathArgument, readPathArgument } from "./wire/path-argument.ts";

/** Octets taken from a client that has been said goodbye to. */
const mostDiscarded = 256 * 1024;

/**
 * One LMTP connection: smtp-server's, except where RFC 2033 and the bytes of a message ask for more.
 * - one reply for each successful RCPT, repeated ones included (the library answers once per address);
 * - data through `LmtpStream`, byte for byte;
 * - the greeting at once: the library's pause unmasks spammers, and MTAs on a private port are none;
 * - replies that bring their own enhanced status code keep it.
 */
export class LmtpConnection extends SMTPConnection {
  declare readonly _server: LmtpServer;
  declare session: LmtpSession;
  #discards = false;
  /** This transaction found no place; what belongs to it may still come. */
  #turnedAway = false;
  #gathered = "";

  override init(): void {
    this._setListeners(() => {
      if (!this._server.crowd.enter(this)) return this.refuse();
      this._server.services.metrics.connected("lmtp");
      this.once("left", () => this._server.services.metrics.disconnected("lmtp"));
      this.connectionReady();
    });
  }

  /** There is no room for this connection, or no longer. */
  refuse(): void {
    this.send(421, `4.3.2 ${this.name} has too many connections, try again later`);
  }

  /** Nothing is being answered, no message is on its way, and none has been announced by MAIL. */
  get idle(): boolean {
    const busy = this._handlerPending || this._dataStream || this._upgrading || this.#inTransaction;
    return this._ready && !busy && !this._closing && !this._closed;
  }

  get #inTransaction(): boolean {
    return Boolean(this.session.envelope?.mailFrom);
  }

  override send(code: number, text?: string | string[] | null, context?: string | false): void {
    this.#sendGathered();
    letSend(this._socket);
    if (this._ready && this.session.recipients.length > 0) this._server.crowd.known(this);
    const own = typeof text === "string" && /^[245]\.\d{1,3}\.\d{1,3} /.test(text);
    super.send(code, text, own ? false : context);
  }

  override _createParser(): SMTPStream {
    const stream = new LmtpStream({ maxCommandLength: this._server.options.maxCommandLength });
    stream.oncommand = (command, callback) => {
      if (this.#turnsAway(command)) {
        // Whoever sent more along with MAIL hears of it together.
        if (!beginsTransaction(command)) return this._whenWritable(() => callback?.());
        return this._server.refusals.do(() => {
          this.#gather(`${overloaded.code} ${overloaded.text}\r\n`);
          this._whenWritable(() => callback?.());
        });
      }
      if (!this.#inTransaction && !beginsTransaction(command)) return this._onCommand(command, callback);
      // Also while the server leaves: an MTA that has begun a message would have to put it off for later.
      this._server.unhurried(() => this._onCommand(command, callback));
      setImmediate(() => this._server.leaveIfDraining(this));
    };
    // The client has ended its sending side, and all it had said before is answered.
    stream.once("finish", () => this.close());
    stream.on("error", (error: Error) => {
      this._server.services.logger.debug({ session: this.id, protocol: "lmtp", err: error }, "unreadable input");
      this.send(421, "4.5.2 Line too long or unreadable, closing connection");
    });
    return stream;
  }

  /**
   * Waits until the client takes its replies, and for so long only: on Bun a socket's timeout, which the library relies
   * on, does not come while something waits to be taken.
   */
  override _whenWritable(next: () => void): void {
    const socket = this._socket;
    if (!socket.writableNeedDrain || socket.destroyed) return next();
    const settle = () => {
      forget();
      socket.off("drain", goOn).off("close", settle);
    };
    const goOn = () => {
      settle();
      next();
    };
    const forget = this._server.services.clock.after(idleMs, () => socket.destroy());
    socket.on("drain", goOn).on("close", settle);
  }

  override _resetSession(): void {
    super._resetSession();
    this.session.recipients = [];
    this.#leavePlace();
  }

  /**
   * Says no more. What the client still sends is taken for a moment, lest its unread octets cost it our last reply, but
   * not without end; then the socket is left alone until the library destroys it.
   */
  override close(): void {
    this.#sendGathered();
    super.close();
    this.#leavePlace();
    if (this.#discards || this._socket.destroyed) return;
    this.#discards = true;
    const socket = this._socket;
    let left = mostDiscarded;
    socket.on("data", (bytes: Buffer) => {
      left -= bytes.length;
      if (left < 0) socket.pause();
    });
  }

  override _onClose(): void {
    super._onClose();
    this.#leavePlace();
    this._server.crowd.leave(this);
    this.emit("left");
  }

  /**
   * Answers a transaction for which there is no place, in the library's stead: what an overloaded server does for those
   * whom it refuses is taken from the others.
   */
  #turnsAway(command: Buffer): boolean {
    const { admission, services, _closeTimeout: leaving } = this._server;
    const verb = command.toString("latin1", 0, 5).toUpperCase();
    if (verb === "MAIL ") {
      const begins = this._ready && this.hostNameAppearsAs && !this.#inTransaction && !this._upgrading && !leaving;
      this.#turnedAway = Boolean(begins) && admission.turnsAway();
      if (this.#turnedAway) services.metrics.refused("lmtp", "deliveries");
    } else if (this.#turnedAway) {
      // What was sent along with MAIL.
      this.#turnedAway = verb === "RCPT " || verb === "DATA";
      if (this.#turnedAway) this.#gather("503 5.5.1 No transaction has begun\r\n");
    }
    return this.#turnedAway;
  }

  /** The replies to what came in one packet leave in one. */
  #gather(reply: string): void {
    if (this.#gathered === "") queueMicrotask(() => this.#sendGathered());
    this.#gathered += reply;
  }

  #sendGathered(): void {
    const replies = this.#gathered;
    this.#gathered = "";
    if (replies !== "" && this._socket.writable) this._socket.write(replies);
  }

  #leavePlace(): void {
    const { place } = this.session;
    this.session.place = null;
    if (place) this._server.admission.leave(place);
  }

  override _parseAddressCommand(
    name: string,
    command: Buffer,
  ): (PathArgument & { args: Record<string, string | true> }) | false {
    const keyword = name.toUpperCase() === "MAIL FROM" ? "MAIL FROM" : "RCPT TO";
    return readPathArgument(keyword, command.toString("utf8"), this.name) ?? false;
  }

  override handler_DATA(_command: Buffer, callback: () => void): void {
    data.run(this, callback);
  }

  /** A message has begun to arrive, or (null) has been answered. The library keeps its idle timer off in between. */
  receiving(message: IncomingMessage | null): void {
    this._dataStream = (message === null ? false : new Arrival(message)) as typeof this._dataStream;
  }
}

/**
 * The library says nothing to a socket that is not "open" both ways. One whose client has ended its sending side is so
 * no more, and is still owed answers.
 */
function letSend(socket: Socket): void {
  if (socket.readyState !== "writeOnly") return;
  Object.defineProperty(socket, "readyState", { get: () => (socket.writable ? "open" : "closed") });
}

function beginsTransaction(command: Buffer): boolean {
  return /^MAIL /i.test(command.toString("latin1", 0, 5));
}

export type LmtpSession = SMTPServerSession & {
  /** RCPTs accepted in this transaction, in order. */
  recipients: Recipient[];
  /** Of this transaction, from MAIL to its answer. */
  place: Place | null;
};

/** What the library does to a message's stream when the client goes away: all it needs to know of ours. */
class Arrival {
  writableEnded = false;
  destroyed = false;
  readonly #message: IncomingMessage;

  constructor(message: IncomingMessage) {
    this.#message = message;
  }

  listenerCount(): number {
    return 0;
  }

  destroy(): void {
    this.destroyed = true;
    // What cannot be forgotten now is forgotten when its time has run out.
    this.#message.abort().catch(() => undefined);
  }
}
