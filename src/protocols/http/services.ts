import type { Composed, Draft, NamedTexts, UnreadableAttachment } from "../../actors/workers/compose-message.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { Listening, Protocol, Services } from "../services.ts";

/** What HTTP needs beside what every protocol is given: the operator's view of the node. */
export type HttpServices = {
  /** Looks at every part now; never throws: a part that does not answer is reported as such. */
  health(): Promise<HealthDetails>;
  /** False while the node starts or leaves: balancers send it nothing new. */
  ready(): boolean;
  /** The registry in Prometheus's text format (version 0.0.4). */
  metricsText(): Promise<string>;
  /** Makes messages of their parts, on a thread where nobody waits. The texts' buffers move there. */
  readonly composer: Composer;
  /** Left out: this store needs no server to be restored into. */
  readonly restores?: RestoreJobs;
};

export type Composer = {
  compose(draft: Draft, texts: NamedTexts): Promise<Composed | UnreadableAttachment>;
  /** Of a message that is a text itself. */
  messageOfText(text: string, texts: NamedTexts): Promise<Composed>;
};

/** Accounts being brought back from a backup, one at a time. */
export type RestoreJobs = {
  /** Begins one and answers its id; null: another one is running. */
  begin(wish: RestoreWish): string | null;
  look(id: string): RestoreJob | null;
};
export type RestoreWish = {
  /** Of the backup, on this machine. */
  readonly directory: string;
  /** Whose, as the backup has it. */
  readonly account: AccountId;
  /** Another address, for a new account. */
  readonly as: string | null;
  readonly replace: boolean;
  /** As it was then, milliseconds since 1970; null: as it was last. */
  readonly until: number | null;
  readonly renew: "changed" | "all" | "none";
  /** The public key (PEM) whose owner must have signed the backup; null: nobody need have. */
  readonly signedBy: string | null;
};
export type RestoreJob = {
  readonly state: "running" | "done" | "failed";
  readonly why?: string;
  readonly result?: unknown;
};

/** The answer of /health/details, as it is sent. */
export type HealthDetails = {
  /** `degraded`: mail flows, but something is away or slow; `down`: this node cannot serve mail. */
  readonly status: "ok" | "degraded" | "down";
  readonly node: string;
  /** Seconds since the process started. */
  readonly uptime: number;
  readonly connections: Readonly<Partial<Record<Protocol, number>>>;
  readonly database: PartHealth & { readonly kind: "embedded" | "mongodb" };
  /** null: the embedded store, where the process stands in Redis's place. */
  readonly redis: PartHealth | null;
  /** Requests waiting in the account actors' queues of this node, and how many each may hold. */
  readonly queues: { readonly waiting: number; readonly limit: number; readonly activeAccounts?: number };
  /** Bytes; null where it cannot be known. */
  readonly storage: { readonly used: number | null; readonly free: number | null };
  /** What an operator should know, one sentence each. */
  readonly notes: readonly string[];
  /** Each front-end process by itself, where there are several; the above is then for all of them. */
  readonly processes?: readonly ProcessHealth[];
};

export type ProcessHealth = {
  /** 1 to N; a process that replaces another has its number. */
  readonly process: number;
  /** How often it was replaced so far. */
  readonly restarts: number;
  readonly status: HealthDetails["status"];
  /** `machine:pid`, and seconds since it started; null where it does not answer. */
  readonly node: string | null;
  readonly uptime: number | null;
  readonly connections: Readonly<Partial<Record<Protocol, number>>>;
  readonly activeAccounts: number;
};

export type PartHealth = {
  readonly ok: boolean;
  /** Milliseconds of one round trip; null where there was none. */
  readonly latency: number | null;
  /** Why it is not ok; no secrets, no host names with passwords. */
  readonly error?: string;
};

/** Settings of `eider.toml` [http] and those of [limits] that concern it. */
export type HttpOptions = {
  readonly host: string;
  /** null: not listening; 0: any free port. */
  readonly port: number | null;
  readonly tlsPort: number | null;
  /** The root access token: every right. Never empty. */
  readonly token: string;
  /** Bytes of a message. */
  readonly messageSize: number;
  /** Requests being answered at one time; more get 503. */
  readonly maxRequests: number;
  /** Of these, from one address before it is known who asks, and of one user; more get 429. */
  readonly maxRequestsPerAddress: number;
  readonly maxRequestsPerUser: number;
  /** Addresses or CIDR blocks that many clients share, without a limit of their own. */
  readonly trustedNetworks: readonly string[];
  readonly reusePort: boolean;
  /** Addresses or CIDR blocks whose X-Forwarded-For is believed; empty: none. */
  readonly trustedProxies: readonly string[];
  /** GET /metrics without a token from loopback addresses (the connection's own, never a forwarded one). */
  readonly openMetricsOnLoopback: boolean;
  /** Origins browsers may call from, or "*". Tokens are never cookies, so "*" gives nobody a right. */
  readonly corsOrigins: "*" | readonly string[];
};

export interface HttpListening extends Listening {
  /** Serves new TLS connections with what `services.tls()` says now; open ones are not disturbed. */
  renewCertificate(): Promise<void>;
}

export type AllServices = Services & HttpServices;
