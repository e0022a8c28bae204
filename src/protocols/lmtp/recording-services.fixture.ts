import { createHash } from "node:crypto";
import type { AccountRequest, Accounts, Outcome, Refused } from "../../actors/account/requests.ts";
import type { Directory } from "../../actors/directory/requests.ts";
import { realClock } from "../../actors/runtime/clock.ts";
import type { Refusal } from "../../domain/account/refusal.ts";
import type { AccountId, MessageId } from "../../domain/ids.ts";
import { silentLogger } from "../../operation/logger.ts";
import type { ListenerOptions, Services } from "../services.ts";

/** One append as an account got it. */
export type Recorded = { account: AccountId; request: string; trace: string; message: Buffer; pieces: number };

export const lmtpOptions: ListenerOptions = {
  host: "127.0.0.1",
  port: 0,
  tlsPort: null,
  allowPlaintext: false,
  maxConnectionsPerUser: 0,
  maxNewcomersPerAddress: 10_000,
  trustedNetworks: [],
  maxConnections: 100,
  proxyProtocolFrom: [],
  lineLength: 4096,
  messageSize: 8 * 1024 * 1024,
  reusePort: false,
};

export function accountOf(name: string): AccountId {
  return createHash("sha256").update(name).digest("hex").slice(0, 24) as AccountId;
}

/**
 * Services over accounts that record what they are given, for looking at single octets and at refusals that a real
 * account gives only when it is full or its store away. Every local part is a user, except `nobody`; `alias-x` is x.
 */
export class RecordingServices {
  readonly recorded: Recorded[] = [];
  /** Refused appends, by local part. */
  readonly refusals = new Map<string, Refusal>();
  readonly disabled = new Set<string>();
  /** Largest single request, octets. */
  largest = 0;
  aborted = 0;
  /** Appends wait for this. */
  gate: Promise<void> = Promise.resolve();
  tls = { key: "", cert: "" };
  remotes: string[] = [];
  /** What was sent may have moved to another thread. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();
  readonly #uploads = new Map<string, Uint8Array[]>();
  readonly #seen = new Map<string, string>();

  #watchers: (() => void)[] = [];

  /** Resolves once `condition` holds; looked at after each request and each connection's end. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  #happened(): void {
    for (const resume of this.#watchers.splice(0)) resume();
  }

  services(): Services {
    return {
      accounts: {
        ask: (account: AccountId, request: AccountRequest) => this.#ask(account, request),
        watch: () => () => {},
      } as Accounts,
      directory: { resolve: async (address: string) => this.#resolve(address) } as Directory,
      sessions: undefined as never,
      clock: realClock,
      randomHex: (bytes) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex"),
      logger: {
        ...silentLogger,
        info: (fields: object) => {
          if ("remote" in fields) this.remotes.push(String(fields.remote));
        },
      },
      metrics: {
        command() {},
        connected() {},
        disconnected: () => this.#happened(),
        login() {},
        received() {},
        refused() {},
      },
      tls: () => this.tls,
      hostname: "mail.example",
      version: "0",
    };
  }

  #resolve(address: string) {
    const local = address
      .slice(0, address.lastIndexOf("@"))
      .toLowerCase()
      .split("+")[0]!
      .replace(/^alias-/, "");
    if (local === "nobody") return { ok: false, why: "noSuchUser" } as const;
    if (local === "lost") return { ok: false, why: "unavailable" } as const;
    return {
      ok: true,
      account: accountOf(local),
      address,
      quota: local === "small" ? 1000 : 0,
      disabled: this.disabled.has(local),
    } as const;
  }

  async #ask(account: AccountId, request: AccountRequest): Promise<Outcome | { ok: true } | Refused> {
    const upload = "upload" in request ? `${account} ${request.upload}` : "";
    queueMicrotask(() => this.#happened());
    if (request.kind === "uploadBegin") this.#uploads.set(upload, []);
    else if (request.kind === "uploadWrite") {
      this.largest = Math.max(this.largest, request.bytes.buffer.byteLength);
      this.#uploads.get(upload)!.push(request.bytes);
      await this.gate;
    } else if (request.kind === "uploadAbort") {
      this.aborted++;
      this.#uploads.delete(upload);
    } else if (request.kind === "change" && request.command.kind === "append") {
      return this.#append(account, request.request, request.command.source);
    }
    return { ok: true };
  }

  async #append(
    account: AccountId,
    request: string,
    source: Extract<Extract<AccountRequest, { kind: "change" }>["command"], { kind: "append" }>["source"],
  ): Promise<Outcome> {
    await this.gate;
    for (const [name, refusal] of this.refusals) if (accountOf(name) === account) return { ok: false, refusal };
    const pieces = source.kind === "bytes" ? [source.bytes] : this.#uploads.get(`${account} ${source.upload}`)!;
    for (const piece of pieces) if (this.#buffers.has(piece.buffer)) throw new Error("a buffer was given away twice");
    for (const piece of pieces) this.#buffers.add(piece.buffer);
    for (const piece of pieces) this.largest = Math.max(this.largest, piece.buffer.byteLength);
    const known = this.#seen.get(`${account} ${request}`);
    const message = (known ?? String(this.#seen.size + 1).padStart(24, "0")) as MessageId;
    if (known === undefined) {
      this.#seen.set(`${account} ${request}`, message);
      const trace = Buffer.from(source.prefix ?? []).toString("utf8");
      this.recorded.push({ account, request, trace, message: Buffer.concat(pieces), pieces: pieces.length });
    }
    const events = [{ kind: "appended", message }] as unknown as Extract<Outcome, { ok: true }>["events"];
    return { ok: true, seq: 1, events, repeated: known !== undefined };
  }
}
