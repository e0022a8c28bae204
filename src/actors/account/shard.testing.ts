import { randomBytes } from "node:crypto";
import { type HoldingLimits, noHoldingLimits } from "../../domain/account/holding-limits.ts";
import type { AccountId, RequestId } from "../../domain/ids.ts";
import { type Logger, silentLogger } from "../../operation/logger.ts";
import { done, type FailingStores, failingStores } from "../../store/failing/failing-stores.ts";
import type { Hints } from "../../store/hints.ts";
import { openSqliteStoresInThread } from "../../store/sqlite/open-stores.ts";
import { temporaryDataDir } from "../../store/sqlite/temporary-stores.ts";
import type { Stores } from "../../store/stores.ts";
import { realClock } from "../runtime/clock.ts";
import { objectIds } from "../runtime/object-id.ts";
import { jobs } from "../workers/jobs.ts";
import { AppendGatherer } from "./append-gatherer.ts";
import type { Announcement, ChangeCommand, Outcome } from "./requests.ts";
import { Shard } from "./shard.ts";
import type { ShardPace } from "./shard-pace.ts";

/** A shard in this thread on stores given by the test, and short ways to ask it. Only for tests. */
export type TestShard = {
  readonly shard: Shard;
  readonly heard: Announcement[];
  readonly lagged: AccountId[];
  readonly faults: string[];
  change(account: AccountId, request: string, command: ChangeCommand): Promise<Outcome>;
  open(account: AccountId, quota?: number): Promise<Outcome>;
  deliver(account: AccountId, request: string, text?: string): Promise<Outcome>;
  /** UIDs and bytes of INBOX, as a client would read them. */
  inbox(account: AccountId): Promise<{ uid: number; text: string }[]>;
};

export const newAccount = objectIds(realClock.now, (bytes) => randomBytes(bytes)) as () => AccountId;

export type ShardOptions = {
  readonly hints?: Hints | null;
  readonly appendDeadline?: number;
  readonly queue?: number;
  readonly holding?: HoldingLimits;
  readonly retention?: number;
  readonly logRetention?: number;
  readonly memory?: number;
  readonly pace?: ShardPace;
};

/** Nodes of one test, each a shard: on `stores()`, where no others are given. */
export function shardsOn(stores: () => Stores) {
  const shards: TestShard[] = [];
  return {
    node(options: ShardOptions = {}, on = stores()): TestShard {
      const made = testShard(on, options);
      shards.push(made);
      return made;
    },
    /** All of them leave, and have written what is behind the log. */
    async closeAll(): Promise<void> {
      for (const { shard } of shards.splice(0)) await shard.close();
    },
  };
}

/** The same on an embedded store whose calls may fail as planned: a new one from each `begin()` to its `end()`. */
export function shardsOnFailingStores() {
  let stores: FailingStores;
  let remove: () => void;
  const { node, closeAll } = shardsOn(() => stores);
  return {
    node,
    closeAll,
    begin(): FailingStores {
      const directory = temporaryDataDir();
      remove = directory.remove;
      stores = failingStores(openSqliteStoresInThread({ dataDir: directory.dataDir }));
      return stores;
    },
    async end(): Promise<void> {
      stores.plan(() => done);
      await closeAll();
      await stores.close();
      remove();
    },
  };
}

export function testShard(stores: Stores, options: ShardOptions = {}): TestShard {
  const heard: Announcement[] = [];
  const lagged: AccountId[] = [];
  const faults: string[] = [];
  const logger: Logger = { ...silentLogger, error: (_, text) => void faults.push(text) };
  const shard = new Shard(
    {
      stores,
      appends: new AppendGatherer(stores.log, 4),
      cpu: jobs,
      clock: realClock,
      logger,
      newId: objectIds(realClock.now, (bytes) => randomBytes(bytes)) as never,
      newBatch: () => randomBytes(8).toString("hex"),
      limits: {
        queue: options.queue ?? 1000,
        holding: options.holding ?? noHoldingLimits,
        messageSize: 1 << 20,
        retention: options.retention ?? 86_400_000,
        ...(options.logRetention === undefined ? {} : { logRetention: options.logRetention }),
        appendDeadline: options.appendDeadline ?? 200,
      },
    },
    {
      hints: options.hints ?? null,
      listener: { announced: (announcement) => heard.push(announcement), lagged: (account) => lagged.push(account) },
      memory: options.memory ?? 64 * 1024 * 1024,
      ...(options.pace && { pace: options.pace }),
    },
  );
  const change = (account: AccountId, request: string, command: ChangeCommand): Promise<Outcome> =>
    shard.ask(account, { kind: "change", request: request as RequestId, command }) as Promise<Outcome>;
  return {
    shard,
    heard,
    lagged,
    faults,
    change,
    open: (account, quota = 0) =>
      change(account, "open", { kind: "openAccount", quota, mailboxes: [{ path: "INBOX", specialUse: null }] }),
    deliver: (account, request, text = `Subject: ${request}\r\n\r\n${request}\r\n`) =>
      change(account, request, {
        kind: "append",
        mailbox: { path: "INBOX" },
        flags: [],
        source: { kind: "bytes", bytes: Buffer.from(text) },
      }),
    async inbox(account) {
      const opened = await shard.ask(account, { kind: "openMailbox", mailbox: { path: "INBOX" }, claimRecent: false });
      if (!("mailbox" in opened)) throw new Error(JSON.stringify(opened));
      const items = [{ kind: "section", part: [], text: "all" }] as const;
      const page = await shard.ask(account, {
        kind: "readContent",
        mailbox: opened.mailbox.id,
        uids: opened.uids,
        items,
        maxBytes: 1 << 22,
      });
      if (!("offsets" in page)) throw new Error(JSON.stringify(page));
      return Array.from(page.uids, (uid, at) => ({
        uid,
        text: Buffer.from(page.bytes.slice(page.offsets[at], page.offsets[at + 1])).toString(),
      }));
    },
  };
}
