import { Newcomers } from "../newcomers.ts";
import { trustedAddresses } from "../proxy-protocol.ts";
import type { ListenerOptions, Services } from "../services.ts";
import type { LmtpConnection } from "./lmtp-connection.ts";

/** Milliseconds until the operator is told again that somebody has too many connections. */
const toldAgain = 60_000;

/**
 * Who is connected, on all ports together. Until a recipient is accepted a connection may be anybody's: so many may come
 * from one address, and the oldest of them gives way where there is no room for another.
 */
export class Crowd {
  readonly #services: Services;
  readonly #most: number;
  readonly #newcomers: Newcomers<LmtpConnection>;
  readonly #inside = new Set<LmtpConnection>();
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(services: Services, options: ListenerOptions) {
    this.#services = services;
    this.#most = options.maxConnections;
    this.#newcomers = new Newcomers({
      perAddress: options.maxNewcomersPerAddress,
      trusted: trustedAddresses(options.trustedNetworks),
    });
  }

  /** Whether there is room for this one; else it is to be told so. */
  enter(connection: LmtpConnection): boolean {
    const remote = connection.remoteAddress ?? "";
    this.#newcomers.enter(connection);
    if (!this.#newcomers.locate(connection, remote)) {
      this.#services.metrics.refused("lmtp", "address");
      this.#tell(
        remote,
        "too many connections from one address that no recipient was accepted for: further ones are refused",
      );
      return false;
    }
    if (this.#inside.size >= this.#most && !this.#displace(connection)) {
      this.#newcomers.leave(connection);
      this.#services.metrics.refused("lmtp", "connections");
      return false;
    }
    this.#inside.add(connection);
    return true;
  }

  /** A recipient has been accepted: this is an MTA at work. */
  known(connection: LmtpConnection): void {
    this.#newcomers.leave(connection);
  }

  leave(connection: LmtpConnection): void {
    this.#newcomers.leave(connection);
    this.#inside.delete(connection);
  }

  #displace(by: LmtpConnection): boolean {
    const oldest = this.#newcomers.takeOldest(by);
    if (oldest === null) return false;
    this.#inside.delete(oldest);
    this.#services.metrics.refused("lmtp", "displaced");
    this.#tell(
      oldest.remoteAddress ?? "",
      "too many connections: the oldest that no recipient was accepted for give way",
    );
    oldest.refuse();
    return true;
  }

  #tell(remote: string, what: string): void {
    const now = this.#services.clock.monotonic();
    if (now - this.#toldAt < toldAgain) return;
    this.#toldAt = now;
    this.#services.logger.warn({ protocol: "lmtp", remote }, what);
  }
}
