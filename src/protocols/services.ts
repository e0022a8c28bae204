import type { Accounts } from "../actors/account/requests.ts";
import type { Directory } from "../actors/directory/requests.ts";
import type { Clock } from "../actors/runtime/clock.ts";
import type { Sessions } from "../actors/sessions/sessions.ts";
import type { Logger } from "../operation/logger.ts";

/** What every protocol is given; it reaches nothing else. */
export type Services = {
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** Fresh hex digits, `bytes` × 2 of them. */
  readonly randomHex: (bytes: number) => string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The certificate of the moment; read again for each new connection. */
  readonly tls: () => { key: string; cert: string };
  readonly hostname: string;
  readonly version: string;
};

/** What protocols count. The names Prometheus sees are made in operation/metrics.ts. */
export interface Metrics {
  /** A command was answered: `seconds` from its last octet to its reply. */
  command(protocol: Protocol, command: string, result: "ok" | "no" | "bad" | "error", seconds: number): void;
  connected(protocol: Protocol): void;
  disconnected(protocol: Protocol): void;
  login(protocol: Protocol, result: "ok" | "failed" | "limited"): void;
  received(bytes: number, result: "stored" | "repeated" | "refused" | "deferred"): void;
  /** Something was not done because there is too much to do, or no store to do it with. */
  refused(protocol: Protocol, reason: PressureReason): void;
}
/**
 * `connections`: as many as there may be are open. `address`: as many from one address. `displaced`: one that had not
 * shown whose it is gave way to a new one. `deliveries`: as many messages are on their way as get through in
 * time. `account`: one account has its part of them. `busy`: too many changes wait, for the account or in all.
 */
export type PressureReason =
  | "connections"
  | "address"
  | "displaced"
  | "deliveries"
  | "account"
  | "busy"
  | "unavailable"
  | "storeFull";
export type Protocol = "imap" | "pop3" | "lmtp" | "http";

/** Settings every mail listener has; `eider.toml` [imap], [pop3], [lmtp]. */
export type ListenerOptions = {
  readonly host: string;
  /** Clear text, with STARTTLS/STLS; null: not listening. 0: any free port. */
  readonly port: number | null;
  /** TLS from the first octet; null: not listening. */
  readonly tlsPort: number | null;
  /** Passwords over clear text from addresses other than loopback. */
  readonly allowPlaintext: boolean;
  readonly maxConnectionsPerUser: number;
  /** Connections of this listener in all; more are told so and closed. */
  readonly maxConnections: number;
  /** Connections from one address (IPv6: /64) that have not logged in, LMTP: for which no recipient was accepted. */
  readonly maxNewcomersPerAddress: number;
  /** Addresses or CIDR blocks that many clients share, without a limit of their own. */
  readonly trustedNetworks: readonly string[];
  /** Addresses or CIDR blocks whose PROXY protocol header (v1, v2) is believed; empty: none is expected. */
  readonly proxyProtocolFrom: readonly string[];
  /** Octets of a command line without its literals. */
  readonly lineLength: number;
  /** Octets of a message. */
  readonly messageSize: number;
  readonly reusePort: boolean;
};

/** A protocol that is listening. */
export interface Listening {
  /** Where, with the ports really in use. */
  readonly addresses: readonly { readonly host: string; readonly port: number; readonly tls: boolean }[];
  connections(): number;
  /** Takes no more connections, tells the others goodbye at their next command boundary; resolves when all are gone or after `ms`. */
  drain(ms: number): Promise<void>;
}
