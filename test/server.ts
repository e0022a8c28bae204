import type { AccountId } from "../src/domain/ids.ts";
import { startImap } from "../src/protocols/imap/listener.ts";
import { startLmtp } from "../src/protocols/lmtp/start-lmtp.ts";
import type { ListenerOptions, Services } from "../src/protocols/services.ts";
import { startTestServices } from "./services.ts";

export const testListenerOptions: ListenerOptions = {
  host: "127.0.0.1",
  port: 0,
  tlsPort: 0,
  allowPlaintext: false,
  maxConnectionsPerUser: 50,
  maxConnections: 20_000,
  proxyProtocolFrom: [],
  lineLength: 64 * 1024,
  messageSize: 64 * 1024 * 1024,
  reusePort: false,
};

export type TestServer = {
  readonly services: Services;
  /** Clear-text ports. */
  readonly imap: number;
  readonly imaps: number;
  readonly lmtp: number;
  /** Adds a user NAME@localhost with this password. */
  addUser(name: string, password?: string, quota?: number): Promise<AccountId>;
  close(): Promise<void>;
};

/** A server on free ports, with its mail in a directory of its own. */
export async function startTestServer(): Promise<TestServer> {
  const { services, close } = await startTestServices();
  const imap = await startImap(services, testListenerOptions);
  const lmtp = await startLmtp(services, testListenerOptions);
  const portOf = (listening: typeof imap, tls: boolean): number =>
    listening.addresses.find((address) => address.tls === tls)?.port ?? 0;
  return {
    services,
    imap: portOf(imap, false),
    imaps: portOf(imap, true),
    lmtp: portOf(lmtp, false),
    async addUser(name, password = "secret", quota = 0) {
      const made = await services.directory.createUser({ username: `${name}@localhost`, password, quota });
      if (!made.ok) throw new Error(`Cannot add user ${name}: ${made.why}`);
      return made.user.id;
    },
    async close() {
      await Promise.all([imap.drain(1000), lmtp.drain(1000)]);
      await close();
    },
  };
}
