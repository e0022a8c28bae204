import type { AccountId } from "../../domain/ids.ts";
import type { Hints } from "../../store/hints.ts";
import type { Clock } from "../runtime/clock.ts";
import type { NewSession, SessionHandle, SessionProtocol, SessionRecord, Sessions } from "./sessions.ts";

/** Seconds a session's record outlives its last refresh. */
const recordTtl = 3600;
/** Seconds a connection counts against its user's limit after its last refresh: a node that died soon stops counting. */
const memberTtl = 300;
const refreshEvery = 120_000;
/** Changes of a session's facts are written together after this long, milliseconds. */
const settle = 1000;
/** How often a node says that it lives, milliseconds, and how long it is believed, seconds. */
const beatEvery = 10_000;
const beatTtl = 30;
const prefix = "session:";
const lifePrefix = "node:";
const endChannel = "sessions:end";
const mostListed = 100_000;
/** How long it is remembered that all of an account's sessions were ended, milliseconds: nobody takes longer to log in. */
const endRemembered = 300_000;

/**
 * Sessions recorded in the hints, so that every node sees all of them and can end any. A node that dies takes its
 * sessions along: it says no more that it lives, and what it has left is not listed and counts no more.
 */
export class SessionService implements Sessions {
  readonly #hints: Hints;
  readonly #clock: Clock;
  readonly #node: string;
  readonly #randomHex: (bytes: number) => string;
  /** Names this run of the node: another one may have the same name. */
  readonly #life: string;
  readonly #live = new Map<string, LiveSession>();
  readonly #unsubscribe: () => void;
  #refreshes = 0;
  #cancelRefresh: () => void = () => {};
  #cancelBeat: () => void = () => {};
  #cancelFlush: (() => void) | null = null;
  readonly #changed = new Set<LiveSession>();
  /** When all of an account's sessions were ended, and why; oldest first. */
  readonly #ended = new Map<AccountId, { readonly at: number; readonly reason: string }>();

  constructor(parts: { hints: Hints; clock: Clock; node: string; randomHex: (bytes: number) => string }) {
    this.#hints = parts.hints;
    this.#clock = parts.clock;
    this.#node = parts.node;
    this.#randomHex = parts.randomHex;
    this.#life = parts.randomHex(8);
    this.#unsubscribe = parts.hints.subscribe(endChannel, {
      heard: (payload) => this.#endHeard(payload),
      // What was said before the break may be forgotten.
      gap: () => this.#beat(),
    });
    this.#scheduleRefresh();
    this.#beat();
  }

  #beat(): void {
    this.#cancelBeat();
    this.#hints.put(lifePrefix + this.#life, { node: this.#node }, beatTtl).catch(() => {});
    this.#cancelBeat = this.#clock.after(beatEvery, () => this.#beat());
  }

  async open(session: NewSession): Promise<SessionHandle | { ok: false; why: "tooManyConnections"; limit: number }> {
    const live = new LiveSession(this, `sess_${this.#randomHex(12)}`, session, this.#clock.now());
    const group = groupOf(session.account, session.protocol);
    const join = () => this.#hints.join(group, this.#memberOf(live), memberTtl, session.limit);
    if (!(await join()) && !((await this.#dismissDead(group)) && (await join()))) {
      return { ok: false, why: "tooManyConnections", limit: session.limit };
    }
    this.#live.set(live.id, live);
    this.changed(live);
    const ended = this.#ended.get(session.account);
    if (ended !== undefined && ended.at >= session.asked) session.onEnd(ended.reason);
    return live;
  }

  #memberOf(live: LiveSession): string {
    return `${live.id}@${this.#life}`;
  }

  /** Takes members that dead nodes have left out of a group; false where there are none. */
  async #dismissDead(group: string): Promise<boolean> {
    const members = await this.#hints.members(group);
    const dead = await this.#deadOf(members.map(lifeIn));
    const left = members.filter((member) => dead.has(lifeIn(member)));
    await Promise.all(left.map((member) => this.#hints.leave(group, member)));
    return left.length > 0;
  }

  /** Which of these runs of nodes are over. With the hints away nobody can tell, and none is. */
  async #deadOf(lives: readonly string[]): Promise<ReadonlySet<string>> {
    const asked = [...new Set(lives)].filter((life) => life !== "" && life !== this.#life);
    const found = await Promise.all(asked.map((life) => this.#hints.get(lifePrefix + life)));
    return new Set(this.#hints.healthy ? asked.filter((_, at) => found[at] === null) : []);
  }

  async list(filter: { account?: AccountId; limit?: number } = {}): Promise<readonly SessionRecord[]> {
    const found = await this.#living(filter.account ? mostListed : (filter.limit ?? 1000));
    const records = found.map(({ key, value }) => parseRecord(key.slice(prefix.length), value));
    // Who ends a user's sessions must not miss one that has just come and is not written yet.
    const recorded = new Set(records.map(({ id }) => id));
    for (const live of this.#changed) {
      if (!recorded.has(live.id)) records.push(parseRecord(live.id, live.record(this.#node, this.#life)));
    }
    const wanted = filter.account ? records.filter(({ account }) => account === filter.account) : records;
    return wanted.slice(0, filter.limit ?? 1000);
  }

  /** Records of sessions whose nodes live. The others run out: a node may only have been out of touch for a moment. */
  async #living(limit: number): ReturnType<Hints["list"]> {
    const found = await this.#hints.list(prefix, limit);
    const dead = await this.#deadOf(found.map(({ value }) => value.life ?? ""));
    const living = found.filter(({ value }) => !dead.has(value.life ?? ""));
    if (living.length === found.length || found.length < limit || limit === mostListed) return living;
    return (await this.#living(mostListed)).slice(0, limit);
  }

  async end(id: string, reason: string): Promise<boolean> {
    const here = this.#live.get(id);
    if (here) {
      here.session.onEnd(reason);
      return true;
    }
    const record = await this.#hints.get(prefix + id);
    if (!record || (await this.#deadOf([record.life ?? ""])).size > 0) return false;
    this.#hints.publish(endChannel, Buffer.from(JSON.stringify({ id, reason })));
    return true;
  }

  endAll(account: AccountId, reason: string): void {
    this.#endOwn(account, reason);
    // Not by the records of sessions: one that has just begun on another node has none yet.
    this.#hints.publish(endChannel, Buffer.from(JSON.stringify({ account, reason })));
  }

  #endOwn(account: AccountId, reason: string): void {
    const at = this.#clock.monotonic();
    for (const [other, ended] of this.#ended) {
      if (ended.at > at - endRemembered) break;
      this.#ended.delete(other);
    }
    this.#ended.delete(account);
    this.#ended.set(account, { at, reason });
    for (const { session } of [...this.#live.values()]) if (session.account === account) session.onEnd(reason);
  }

  #endHeard(payload: Uint8Array): void {
    try {
      const { id, account, reason } = JSON.parse(Buffer.from(payload).toString()) as EndWish;
      if (id !== undefined) this.#live.get(id)?.session.onEnd(String(reason));
      if (account !== undefined) this.#endOwn(account, String(reason));
    } catch {
      // Not one of ours: the channel is open to whoever reaches Redis.
    }
  }

  /** The session's facts are to be written soon. */
  changed(live: LiveSession): void {
    this.#changed.add(live);
    this.#cancelFlush ??= this.#clock.after(settle, () => {
      this.#cancelFlush = null;
      this.#flush();
    });
  }

  #flush(): void {
    for (const live of this.#changed) if (this.#live.has(live.id)) this.#write(live);
    this.#changed.clear();
  }

  #write(live: LiveSession): void {
    // A record that could not be written is written again at the next refresh.
    this.#hints.put(prefix + live.id, live.record(this.#node, this.#life), recordTtl).catch(() => {});
  }

  closed(live: LiveSession): void {
    if (!this.#live.delete(live.id)) return;
    this.#changed.delete(live);
    const { account, protocol } = live.session;
    this.#hints.leave(groupOf(account, protocol), this.#memberOf(live)).catch(() => {});
    this.#hints.remove(prefix + live.id).catch(() => {});
  }

  #scheduleRefresh(): void {
    this.#cancelRefresh = this.#clock.after(refreshEvery, () => {
      // Membership each time; the record, which lives longer, every fifth time.
      const records = ++this.#refreshes % 5 === 0;
      for (const live of this.#live.values()) {
        const { account, protocol } = live.session;
        const group = groupOf(account, protocol);
        this.#hints.join(group, this.#memberOf(live), memberTtl, Number.MAX_SAFE_INTEGER).catch(() => {});
        if (records) this.#write(live);
      }
      this.#scheduleRefresh();
    });
  }

  count(): number {
    return this.#live.size;
  }

  stop(): void {
    this.#cancelRefresh();
    this.#cancelBeat();
    this.#cancelFlush?.();
    this.#unsubscribe();
    for (const live of [...this.#live.values()]) this.closed(live);
    this.#hints.remove(lifePrefix + this.#life).catch(() => {});
  }
}

/** What nodes tell each other: a session, or all of an account, are to end. */
type EndWish = { readonly id?: string; readonly account?: AccountId; readonly reason: string };

/** Of a member of a group of connections; empty: it does not say. */
function lifeIn(member: string): string {
  return member.split("@")[1] ?? "";
}

function groupOf(account: AccountId, protocol: SessionProtocol): string {
  return `connections:${protocol}:${account}`;
}

class LiveSession implements SessionHandle {
  readonly ok = true;
  readonly id: string;
  readonly session: NewSession;
  readonly #service: SessionService;
  readonly #started: number;
  #mailbox: string | null = null;
  #client: string | null = null;
  #marks: string | null = null;
  #secure: boolean;

  constructor(service: SessionService, id: string, session: NewSession, started: number) {
    this.#service = service;
    this.id = id;
    this.session = session;
    this.#started = started;
    this.#secure = session.secure;
  }

  update(change: { mailbox?: string | null; client?: string; secure?: boolean; marks?: string }): void {
    if (change.mailbox !== undefined) this.#mailbox = change.mailbox;
    if (change.client !== undefined) this.#client = change.client;
    if (change.marks !== undefined) this.#marks = change.marks;
    if (change.secure !== undefined) this.#secure = change.secure;
    this.#service.changed(this);
  }

  close(): void {
    this.#service.closed(this);
  }

  record(node: string, life: string): Readonly<Record<string, string>> {
    const { account, user, protocol, remote } = this.session;
    const record: Record<string, string> = {
      account,
      user,
      protocol,
      node,
      life,
      remote,
      secure: this.#secure ? "1" : "0",
      started: String(this.#started),
    };
    if (this.#mailbox !== null) record.mailbox = this.#mailbox;
    if (this.#client !== null) record.client = this.#client;
    if (this.#marks !== null) record.marks = this.#marks;
    return record;
  }
}

function parseRecord(id: string, value: Readonly<Record<string, string>>): SessionRecord {
  return {
    id,
    account: (value.account ?? "") as AccountId,
    user: value.user ?? "",
    protocol: (value.protocol ?? "imap") as SessionProtocol,
    node: value.node ?? "",
    remote: value.remote ?? "",
    secure: value.secure === "1",
    mailbox: value.mailbox ?? null,
    client: value.client ?? null,
    ...(value.marks === undefined ? {} : { marks: value.marks }),
    started: Number(value.started ?? 0),
  };
}
