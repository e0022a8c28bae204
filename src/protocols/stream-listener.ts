import type { Socket, SocketHandler, TCPSocketListener } from "bun";
import { ByteSocket, type Conversation } from "./byte-socket.ts";
import { CarriedTls } from "./carried-tls.ts";
import { Newcomers } from "./newcomers.ts";
import { readProxyHeader, trustedAddresses } from "./proxy-protocol.ts";
import type { ListenerOptions, Listening, Protocol, Services } from "./services.ts";
import { tlsForBun, tlsForNode } from "./tls-policy.ts";

/** What a line protocol (IMAP, POP3) brings to its listener. */
export type StreamProtocol = {
  readonly name: Protocol;
  /** Said to a connection over `maxConnections`, and during a drain, instead of a greeting. */
  readonly full: string;
  /** Begins a conversation on a connection that is ready for its greeting: encrypted already on the TLS port. */
  converse(socket: ByteSocket): Conversation;
};

const sweepMs = 5_000;
const handshakeMs = 60_000;
/** Refused clients that have not closed their side yet; more are not waited for. */
const mostLingering = 100;
/** Milliseconds until the operator is told again that somebody has too many connections. */
const toldAgain = 60_000;
const stallSweeps = 60; // a client that reads nothing for five minutes is gone

/**
 * Listens on the clear-text and the TLS port with one set of handlers for all connections (closures per connection
 * would cost more than the connections themselves) and one timer for all deadlines. The certificate is asked for at
 * each handshake, so a renewed one counts at once.
 *
 * @throws where a port cannot be bound
 */
export function listenOnStreams(services: Services, options: ListenerOptions, protocol: StreamProtocol): Listening {
  return new StreamListener(services, options, protocol);
}

class StreamListener implements Listening {
  readonly addresses: { host: string; port: number; tls: boolean }[] = [];
  readonly #services: Services;
  readonly #options: ListenerOptions;
  readonly #protocol: StreamProtocol;
  readonly #trusted: (address: string) => boolean;
  readonly #sockets = new Set<ByteSocket>();
  readonly #newcomers: Newcomers<ByteSocket>;
  /** Refused, and not closed by their clients yet: they take nobody's place. */
  readonly #lingering = new Set<ByteSocket>();
  #toldAt = Number.NEGATIVE_INFINITY;
  readonly #listeners: TCPSocketListener<ByteSocket>[] = [];
  readonly #plainHandlers: SocketHandler<ByteSocket>;
  readonly #tlsHandlers: SocketHandler<ByteSocket>;
  readonly #known = (socket: ByteSocket) => this.#newcomers.leave(socket);
  readonly #startTls = (socket: ByteSocket) => this.#secure(socket);
  #draining = false;
  #emptied: (() => void) | null = null;
  #stopSweep: () => void;

  constructor(services: Services, options: ListenerOptions, protocol: StreamProtocol) {
    this.#services = services;
    this.#options = options;
    this.#protocol = protocol;
    this.#trusted = trustedAddresses(options.proxyProtocolFrom);
    this.#newcomers = new Newcomers({
      perAddress: options.maxNewcomersPerAddress,
      trusted: trustedAddresses(options.trustedNetworks),
    });
    this.#plainHandlers = {
      data: (wire, bytes) => {
        const socket = wire.data;
        if (socket.isOver(wire)) this.#received(socket, bytes);
        else if (socket.wire instanceof CarriedTls) socket.wire.feed(bytes);
      },
      drain: (wire) => {
        const socket = wire.data;
        if (socket.isOver(wire)) socket.flush();
        else if (socket.wire instanceof CarriedTls) socket.wire.flush();
      },
      end: (wire) => {
        const socket = wire.data;
        if (socket.isOver(wire)) socket.exhaust();
        else if (socket.wire instanceof CarriedTls) socket.wire.feedEnd();
      },
      close: (wire) => this.#gone(wire.data),
      error: (wire, error) => this.#failed(wire.data, error),
    };
    this.#tlsHandlers = {
      handshake: (wire, success) => {
        const socket = wire.data;
        if (!success) {
          socket.destroy();
          return;
        }
        socket.secure = true;
        this.#secured(socket);
      },
      data: (wire, bytes) => this.#received(wire.data, bytes),
      drain: (wire) => wire.data.flush(),
      end: (wire) => wire.data.exhaust(),
      close: (wire) => this.#gone(wire.data),
      error: (wire, error) => this.#failed(wire.data, error),
    };
    if (options.port !== null) this.#listen(options.port, false);
    if (options.tlsPort !== null) this.#listen(options.tlsPort, true);
    this.#stopSweep = services.clock.after(sweepMs, this.#sweep);
  }

  connections(): number {
    return this.#sockets.size;
  }

  async drain(ms: number): Promise<void> {
    this.#draining = true;
    for (const listener of this.#listeners) listener.stop(false);
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const socket of [...this.#sockets]) {
      if (socket.conversation === null) socket.destroy();
      else socket.conversation.leave();
    }
    if (this.#sockets.size > 0) {
      const forget = this.#services.clock.after(ms, () => this.#emptied?.());
      await emptied;
      forget();
      for (const socket of [...this.#sockets]) socket.destroy();
    }
    this.#stopSweep();
  }

  #listen(port: number, tls: boolean): void {
    // Bun's types know `reusePort` for clients only. `allowHalfOpen`: else Bun closes, with what is not answered yet
    // unsaid, as soon as the client has ended its sending side.
    const settings = { hostname: this.#options.host, port, reusePort: this.#options.reusePort, allowHalfOpen: true };
    const listener = Bun.listen<ByteSocket>({
      ...settings,
      socket: { ...this.#plainHandlers, open: tls ? this.#openTls : this.#openPlain },
    });
    this.#listeners.push(listener);
    this.addresses.push({ host: this.#options.host, port: listener.port, tls });
  }

  readonly #openPlain = (wire: Socket<ByteSocket>) => {
    const socket = this.#open(wire);
    if (socket.early === null && this.#located(socket)) this.#converse(socket);
  };

  readonly #openTls = (wire: Socket<ByteSocket>) => {
    const socket = this.#open(wire);
    socket.secure = true;
    if (socket.early === null && this.#located(socket)) this.#secure(socket);
  };

  #open(wire: Socket<ByteSocket>): ByteSocket {
    const socket = new ByteSocket(wire, wire.remoteAddress, this.#services.clock.now() + handshakeMs, this.#startTls);
    wire.data = socket;
    wire.setNoDelay(true);
    wire.setKeepAlive(true, 300_000);
    this.#sockets.add(socket);
    this.#newcomers.enter(socket);
    socket.onSignedIn = this.#known;
    this.#makeRoom(socket);
    if (this.#options.proxyProtocolFrom.length > 0 && this.#trusted(socket.remote)) socket.early = noBytes;
    return socket;
  }

  #received(socket: ByteSocket, bytes: Uint8Array): void {
    if (socket.conversation !== null) socket.conversation.received(bytes);
    else if (socket.early !== null) this.#readProxyHeader(socket, bytes);
  }

  #readProxyHeader(socket: ByteSocket, bytes: Uint8Array): void {
    const early = Buffer.concat([socket.early!, bytes]);
    const header = readProxyHeader(early);
    socket.early = early;
    if (header.kind === "more") return;
    if (header.kind === "bad") {
      this.#services.logger.warn(
        { protocol: this.#protocol.name, remote: socket.remote, why: header.why },
        "bad PROXY header",
      );
      socket.destroy();
      return;
    }
    socket.early = null;
    if (header.remote !== null) socket.remote = header.remote;
    if (!this.#located(socket)) return;
    const rest = early.subarray(header.length);
    if (!socket.secure) {
      this.#converse(socket);
      if (rest.length > 0) this.#received(socket, rest);
    } else if (rest.length === 0) this.#secure(socket);
    else {
      const tls = new CarriedTls(socket.wire, tlsForNode(this.#services.tls()), {
        secured: () => this.#secured(socket),
        data: (_wire, plain) => this.#received(socket, plain),
        drain: () => socket.flush(),
        exhausted: () => socket.exhaust(),
      });
      socket.adopt(tls);
      tls.feed(rest);
    }
  }

  #secure(socket: ByteSocket): void {
    const plain = socket.wire as Socket<ByteSocket>;
    const [, tls] = plain.upgradeTLS<ByteSocket>({
      isServer: true,
      tls: tlsForBun(this.#services.tls()),
      data: socket,
      socket: this.#tlsHandlers,
    } as unknown as Parameters<typeof plain.upgradeTLS<ByteSocket>>[0]);
    socket.adopt(tls);
  }

  #secured(socket: ByteSocket): void {
    if (socket.ended) return;
    if (socket.conversation === null) this.#converse(socket);
    else socket.conversation.secured();
    socket.flush();
  }

  #converse(socket: ByteSocket): void {
    if (this.#draining || this.#crowded()) {
      if (!this.#draining) this.#services.metrics.refused(this.#protocol.name, "connections");
      this.#refuse(socket);
      return;
    }
    this.#services.metrics.connected(this.#protocol.name);
    socket.conversation = this.#protocol.converse(socket);
  }

  /** Whether there may be another from where it comes; else it is refused. */
  #located(socket: ByteSocket): boolean {
    if (this.#newcomers.locate(socket, socket.remote)) return true;
    this.#services.metrics.refused(this.#protocol.name, "address");
    this.#tell(
      socket.remote,
      "too many connections from one address that have not logged in: further ones are refused",
    );
    // Nobody shakes hands first only to be told so.
    if (socket.secure) socket.destroy();
    else this.#refuse(socket);
    return false;
  }

  /** Where there are too many, the oldest that has not logged in gives way to one that is new. */
  #makeRoom(to: ByteSocket): void {
    if (this.#draining || !this.#crowded()) return;
    const oldest = this.#newcomers.takeOldest(to);
    if (oldest === null) return;
    this.#services.metrics.refused(this.#protocol.name, "displaced");
    this.#tell(oldest.remote, "too many connections: the oldest that have not logged in give way");
    if (oldest.conversation !== null) oldest.write(this.#protocol.full);
    oldest.destroy();
    this.#gone(oldest);
  }

  /** Says that there are too many, and waits for a few of those clients to close their side. */
  #refuse(socket: ByteSocket): void {
    this.#newcomers.leave(socket);
    this.#lingering.add(socket);
    socket.write(this.#protocol.full);
    socket.end();
    if (this.#lingering.size <= mostLingering) return;
    const [oldest] = this.#lingering;
    oldest!.destroy();
    this.#gone(oldest!);
  }

  #crowded(): boolean {
    return this.#sockets.size - this.#lingering.size > this.#options.maxConnections;
  }

  #tell(remote: string, what: string): void {
    const now = this.#services.clock.monotonic();
    if (now - this.#toldAt < toldAgain) return;
    this.#toldAt = now;
    this.#services.logger.warn({ protocol: this.#protocol.name, remote }, what);
  }

  #gone(socket: ByteSocket): void {
    this.#newcomers.leave(socket);
    this.#lingering.delete(socket);
    if (!this.#sockets.delete(socket)) return;
    if (socket.conversation !== null) this.#services.metrics.disconnected(this.#protocol.name);
    socket.gone();
    if (this.#sockets.size === 0) this.#emptied?.();
  }

  #failed(socket: ByteSocket, error: Error): void {
    // Reaches us for damaged TLS records and for a handler that threw; either way only this connection ends.
    this.#services.logger.warn(
      { protocol: this.#protocol.name, remote: socket.remote, err: error },
      "connection ended by an error",
    );
    socket.destroy();
  }

  readonly #sweep = () => {
    const now = this.#services.clock.now();
    for (const socket of this.#sockets) {
      if (socket.queued > 0 && ++socket.stalls > stallSweeps) socket.destroy();
      else if (now >= socket.deadline) {
        if (socket.conversation === null || socket.ended) socket.destroy();
        else socket.conversation.expired();
      }
    }
    this.#stopSweep = this.#services.clock.after(sweepMs, this.#sweep);
  };
}

const noBytes = new Uint8Array(0);
