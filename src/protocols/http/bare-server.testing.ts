import type { AccountRequest, Accounts } from "../../actors/account/requests.ts";
import type { Directory } from "../../actors/directory/requests.ts";
import { realClock } from "../../actors/runtime/clock.ts";
import type { Sessions } from "../../actors/sessions/sessions.ts";
import { jobs } from "../../actors/workers/jobs.ts";
import type { Logger } from "../../operation/logger.ts";
import { startHttp } from "./server.ts";
import type { AllServices, HealthDetails, HttpOptions } from "./services.ts";

/**
 * The listener with nothing behind it but what a test puts there: for what must be seen when the parts behind it fail,
 * wait or are asked in a certain order.
 */
export async function startBareHttp(parts: {
  /** Answers what accounts are asked; nothing else is there to answer. */
  readonly ask?: (request: AccountRequest) => unknown;
  readonly directory?: Partial<Directory>;
  readonly sessions?: Partial<Sessions>;
  readonly services?: Partial<AllServices>;
  readonly options?: Partial<HttpOptions>;
}) {
  const logged: { level: string; fields: object; text: string }[] = [];
  const commands: { command: string; result: string }[] = [];
  const at = (level: string) => (fields: object, text: string) => void logged.push({ level, fields, text });
  const logger: Logger = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: () => logger,
  };
  const services: AllServices = {
    accounts: { ask: async (_, request) => parts.ask?.(request as AccountRequest), watch: () => () => {} } as Accounts,
    directory: {
      tokenOwner: async () => ({ ok: false, why: "unknown" }),
      hasUser: async () => true,
      ...parts.directory,
    } as Directory,
    sessions: (parts.sessions ?? {}) as Sessions,
    clock: realClock,
    randomHex: (bytes) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex"),
    logger,
    metrics: {
      command: (_, command, result) => void commands.push({ command, result }),
      connected() {},
      disconnected() {},
      login() {},
      received() {},
      refused() {},
    },
    tls: () => {
      throw new Error("There is no certificate");
    },
    hostname: "mail.example",
    version: "1.2.3",
    health: async () => wellDetails,
    ready: () => true,
    composer: jobs,
    metricsText: async () => "eider_up 1\n",
    ...parts.services,
  };
  const listening = await startHttp(services, {
    host: "127.0.0.1",
    port: 0,
    tlsPort: null,
    token: rootToken,
    messageSize: 1024 * 1024,
    maxRequests: 100,
    maxRequestsPerAddress: 100,
    maxRequestsPerUser: 100,
    trustedNetworks: [],
    reusePort: false,
    trustedProxies: [],
    openMetricsOnLoopback: false,
    corsOrigins: "*",
    ...parts.options,
  });
  const { port } = listening.addresses[0]!;
  return {
    listening,
    port,
    logged,
    commands,
    /** As root unless `token` says otherwise. */
    request: (path: string, init: RequestInit & { token?: string | null } = {}) => {
      const headers = new Headers(init.headers);
      const token = init.token === undefined ? rootToken : init.token;
      if (token !== null) headers.set("x-access-token", token);
      return fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers });
    },
  };
}

/** The JSON of an answer, as the fields that tests look at. */
export const bodyOf = (response: Response) => response.json() as Promise<AnswerBody>;
type AnswerBody = Partial<Record<string, unknown>> & {
  readonly success?: boolean;
  readonly code: string;
  readonly status: string;
  readonly details: Readonly<Record<string, string>>;
  readonly message: { readonly id: number; readonly mailbox: string; readonly size: number };
};

export const rootToken = "the-root-token";
export const someUser = "0123456789abcdef01234567";
export const someMailbox = "76543210fedcba9876543210";

export const wellDetails: HealthDetails = {
  status: "ok",
  node: "n1",
  uptime: 1,
  connections: { imap: 2 },
  database: { kind: "embedded", ok: true, latency: 0.2 },
  redis: null,
  queues: { waiting: 0, limit: 1000 },
  storage: { used: 1, free: 2 },
  notes: [],
};
