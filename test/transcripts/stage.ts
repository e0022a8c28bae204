import type { ChangeCommand } from "../../src/actors/account/requests.ts";
import type { AccountId, RequestId } from "../../src/domain/ids.ts";
import { startImap } from "../../src/protocols/imap/listener.ts";
import { startLmtp } from "../../src/protocols/lmtp/start-lmtp.ts";
import { startPop3 } from "../../src/protocols/pop3/start-pop3.ts";
import type { ListenerOptions, Listening, Services } from "../../src/protocols/services.ts";
import { startTestServices } from "../services.ts";
import { type OpenStores, openEmbedded } from "../stores.ts";
import type { ProtocolName } from "./scene.ts";

const stageOptions: ListenerOptions = {
  host: "127.0.0.1",
  port: 0,
  tlsPort: 0,
  allowPlaintext: false,
  maxConnectionsPerUser: 50,
  maxNewcomersPerAddress: 10_000,
  trustedNetworks: [],
  maxConnections: 1_000,
  proxyProtocolFrom: [],
  lineLength: 64 * 1024,
  messageSize: 64 * 1024 * 1024,
  reusePort: false,
};

/** The real server for transcripts and tests from outside: services, and a listener of each protocol when it is needed. */
export class Stage {
  readonly services: Services;
  /** What the server logged as an error: a test fails where there is any. */
  readonly errors: string[];
  readonly #close: () => Promise<void>;
  readonly #options: ListenerOptions;
  readonly #listening = new Map<ProtocolName, Promise<Listening>>();
  #users = 0;

  private constructor(services: Services, errors: string[], options: ListenerOptions, close: () => Promise<void>) {
    this.services = services;
    this.errors = errors;
    this.#options = options;
    this.#close = close;
  }

  static async open(
    options: Partial<ListenerOptions> = {},
    change: (services: Services) => Partial<Services> = () => ({}),
    stores: OpenStores = openEmbedded,
  ): Promise<Stage> {
    const { services, close } = await startTestServices(stores);
    const errors: string[] = [];
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (fields: object, text: string) => {
        errors.push(`${text}: ${"err" in fields ? (fields.err as Error)?.stack : JSON.stringify(fields)}`);
      },
      child: () => logger,
    };
    return new Stage({ ...services, logger, ...change(services) }, errors, { ...stageOptions, ...options }, close);
  }

  /** The clear-text port of a protocol, or the one that begins with TLS. */
  async port(protocol: ProtocolName, tls = false): Promise<number> {
    const listening = await this.listening(protocol);
    return listening.addresses.find((address) => address.tls === tls)!.port;
  }

  listening(protocol: ProtocolName): Promise<Listening> {
    let listening = this.#listening.get(protocol);
    if (listening === undefined) {
      const start = { imap: startImap, lmtp: startLmtp, pop3: startPop3 }[protocol];
      listening = start(this.services, this.#options);
      this.#listening.set(protocol, listening);
    }
    return listening;
  }

  /** A user nobody else has, with the password "secret". */
  async newUser(): Promise<{ account: AccountId; name: string }> {
    const name = `user${++this.#users}@localhost`;
    const made = await this.services.directory.createUser({ username: name, password: "secret" });
    if (!made.ok) throw new Error(`Cannot add user ${name}: ${made.why}`);
    return { account: made.user.id, name };
  }

  /** Changes an account as another node or protocol would. */
  /** Brings back everything that was expunged or deleted. */
  async restore(account: AccountId): Promise<void> {
    const request = this.services.randomHex(12) as RequestId;
    const restored = await this.services.accounts.ask(account, { kind: "restoreDeparted", request, most: 10_000 });
    if (!restored.ok) throw new Error(JSON.stringify(restored.refusal));
  }

  async change(account: AccountId, command: ChangeCommand): Promise<void> {
    const request = this.services.randomHex(12) as RequestId;
    const outcome = await this.services.accounts.ask(account, { kind: "change", request, command });
    if (!outcome.ok) throw new Error(`${command.kind} was refused: ${JSON.stringify(outcome.refusal)}`);
  }

  async close(): Promise<void> {
    for (const listening of this.#listening.values()) await (await listening).drain(1_000);
    await this.#close();
  }
}
