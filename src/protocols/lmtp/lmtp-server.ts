import type { AddressInfo, Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { SMTPConnectionOptions } from "smtp-server/lib/smtp-connection.js";
import type { Admission } from "../admission.ts";
import type { ListenerOptions, Services } from "../services.ts";
import { tlsForNode } from "../tls-policy.ts";
import { mail } from "./commands/mail.ts";
import { rcpt } from "./commands/rcpt.ts";
import type { Crowd } from "./crowd.ts";
import { LmtpConnection, type LmtpSession } from "./lmtp-connection.ts";
import { readProxiedAddress } from "./proxied-address.ts";
import { failed } from "./refusals.ts";
import { rejected } from "./rejected.ts";
import { SpareTime } from "./spare-time.ts";

/** RFC 5321 §4.5.3.2.7: a server waits five minutes for the next command. */
export const idleMs = 300_000;
/** How long a client is waited for during a drain before it is told so unasked, milliseconds. */
const silence = 1000;

/** One listening LMTP port. */
export class LmtpServer extends SMTPServer {
  readonly services: Services;
  readonly limits: ListenerOptions;
  readonly crowd: Crowd;
  readonly admission: Admission;
  readonly refusals: SpareTime;
  readonly #trusted: (address: string) => boolean;
  #certificate: string;
  #draining = false;

  /**
   * `trusted` tells whose PROXY header is believed; `crowd` is who is connected, on all ports
   * together.
   */
  constructor(
    services: Services,
    limits: ListenerOptions,
    port: { tls: boolean; trusted: (address: string) => boolean; crowd: Crowd; admission: Admission },
  ) {
    const tls = services.tls();
    super(libraryOptions(services, limits, port.tls, tls));
    this.services = services;
    this.limits = limits;
    this.crowd = port.crowd;
    this.admission = port.admission;
    this.refusals = new SpareTime(services.clock);
    this.#trusted = port.trusted;
    this.#certificate = tls.cert;
    this.on("error", (error: Error) =>
      services.logger.debug({ protocol: "lmtp", err: error }, "connection ended by an error"),
    );
  }

  /** Answers the port that was bound; with `port` 0 it is any free one. */
  listenOn(host: string, port: number, reusePort: boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.listen({ host, port, reusePort, backlog: 1024 }, () => {
        this.server.off("error", reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  override connect(socket: Socket, options?: SMTPConnectionOptions | null): void {
    const connection = new LmtpConnection(this, socket, options);
    this.connections.add(connection);
    connection.on("error", (error: Error) => this._onError(error));
    connection.init();
  }

  override onConnect(_session: unknown, done: (error?: Error | null) => void): void {
    done();
  }

  override onSecure(_socket: unknown, _session: unknown, done: (error?: Error | null) => void): void {
    done();
  }

  override onMailFrom(...[address, session, done]: Parameters<SMTPServer["onMailFrom"]>): void {
    done(mail.run(this, address, session as LmtpSession));
  }

  override onRcptTo(...[address, session, done]: Parameters<SMTPServer["onRcptTo"]>): void {
    const begun = this.services.clock.monotonic();
    rcpt
      .run(this, address, session as LmtpSession)
      .catch((error) => {
        this.services.logger.error({ session: session.id, protocol: "lmtp", err: error }, "RCPT failed");
        return rejected(failed.code, failed.text);
      })
      .then((refusal) => {
        const seconds = (this.services.clock.monotonic() - begun) / 1000;
        this.services.metrics.command("lmtp", "RCPT", refusal === null ? "ok" : "no", seconds);
        done(refusal);
      });
  }

  /**
   * Says goodbye to each client behind its message, in answer to whatever else it says, or when it has been silent for a
   * moment: a 421 said at once could cross a MAIL on its way, and the message would be put off for nothing. Ends all who
   * are left after `ms`.
   */
  drain(ms: number): Promise<void> {
    this.#draining = true;
    this.options.closeTimeout = Math.max(1, ms);
    const closed = new Promise<void>((resolve) => this.close(resolve));
    const forget = this.services.clock.after(Math.min(silence, ms / 4), () => {
      for (const connection of this.connections) this.leaveIfDraining(connection as LmtpConnection);
    });
    return closed.then(() => {
      forget();
      for (const connection of this.connections) connection._socket.destroy();
    });
  }

  leaveIfDraining(connection: LmtpConnection): void {
    if (this.#draining && connection.idle) connection.send(421, "4.3.2 Server is shutting down");
  }

  /** Gives a command to the library as if the server were not leaving, when it answers every command by 421. */
  unhurried(command: () => void): void {
    const closing = this._closeTimeout;
    this._closeTimeout = false;
    try {
      command();
    } finally {
      this._closeTimeout = closing;
    }
  }

  /** The certificate is asked for at each connection, so a renewed one counts at once. */
  override _acceptSocket(socket: Socket, handshake: boolean): (() => void) | false {
    const { key, cert } = this.services.tls();
    if (cert !== this.#certificate) {
      this.#certificate = cert;
      this.updateSecureContext({ key, cert });
    }
    return super._acceptSocket(socket, handshake);
  }

  override _expectsProxyHeader(socket: Socket): boolean {
    return this.limits.proxyProtocolFrom.length > 0 && this.#trusted(socket.remoteAddress ?? "");
  }

  /** In the place of the library's, which knows version 1 only. */
  override _handleProxy(socket: Socket, done: ProxyHandled): void {
    const id = this.services.randomHex(6);
    if (!this._expectsProxyHeader(socket)) {
      done(null, { id });
      return;
    }
    readProxiedAddress(socket).then(
      (remoteAddress) => done(null, remoteAddress === null ? { id } : { id, remoteAddress }),
      (error: Error) => {
        this.services.logger.warn(
          { protocol: "lmtp", remote: socket.remoteAddress, why: error.message },
          "bad PROXY header",
        );
        socket.destroy();
        done(error);
      },
    );
  }
}

type ProxyHandled = Parameters<SMTPServer["_handleProxy"]>[1];

function libraryOptions(
  services: Services,
  limits: ListenerOptions,
  secure: boolean,
  tls: { key: string; cert: string },
): SMTPServerOptions {
  return {
    lmtp: true,
    // Of net.Server: else a client that has ended its sending side would not be answered any more (RFC 9293 §3.6).
    allowHalfOpen: true,
    secure,
    name: services.hostname,
    banner: "Eider ready",
    heloResponse: "%s",
    size: limits.messageSize,
    maxClients: limits.maxConnections,
    maxCommandLength: limits.lineLength,
    socketTimeout: idleMs,
    // AUTH: whoever reaches this port may deliver. The others are jokes of old sendmails or somebody else's extensions.
    disabledCommands: ["AUTH", "WIZ", "SHELL", "KILL", "XCLIENT", "XFORWARD"],
    hideENHANCEDSTATUSCODES: false,
    hideDSN: true,
    hideREQUIRETLS: true,
    disableReverseLookup: true,
    logger: false,
    ...tlsForNode(tls),
  };
}
