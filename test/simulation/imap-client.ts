import type { AccountId } from "../../src/domain/ids.ts";
import type { History } from "./history.ts";
import { ImapConversation, Lost, type Tagged, type Untagged } from "./imap-conversation.ts";
import { type Item, uidsOf } from "./imap-response.ts";
import { type Fate, instanceOf } from "./ledger.ts";
import { MailboxCache } from "./mailbox-cache.ts";
import { Life } from "./world.ts";

const mailboxes = ["INBOX", "INBOX", "Trash", "Junk"];
const systemFlags = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted"];

/**
 * Somebody's mail program: connects to any node, does this and that, loses its connection, comes back, and remembers
 * what it was told. With QRESYNC it downloads nothing twice; without, it counts sequence numbers.
 */
export class ImapClient {
  readonly user: string;
  readonly account: AccountId;
  readonly #name: string;
  readonly #life: Life;
  readonly #history: History;
  readonly #qresync: boolean;
  readonly #caches = new Map<string, MailboxCache>();
  #selected: MailboxCache | null = null;
  #conversation: ImapConversation | null = null;
  #folders = 0;

  constructor(history: History, name: string, user: string, account: AccountId) {
    this.user = user;
    this.account = account;
    this.#name = name;
    this.#history = history;
    this.#life = new Life(name);
    this.#qresync = history.world.random.chance(0.7);
  }

  /** Sessions, one after the other, until the history closes. */
  async live(): Promise<void> {
    const { world } = this.#history;
    let last = this.#someMailbox();
    while (!this.#history.closing) {
      await this.#once(async () => {
        // Mostly it goes on where it was.
        if (world.random.chance(0.3)) last = this.#someMailbox();
        await this.#select(last);
        for (let left = world.random.int(1, 8); left > 0 && !this.#history.closing; left--) {
          await this.#something();
          if (world.random.chance(0.3)) await world.pause(this.#history.pace * world.random.wait(20), this.#life);
        }
        if (world.random.chance(0.5)) await this.#command("LOGOUT");
      });
      // Some come back at once: to another node, before it has heard of what this one was told.
      await world.pause(world.random.chance(0.4) ? 0.1 : this.#history.pace * world.random.wait(20), this.#life);
    }
  }

  /**
   * When all is quiet: asks once more for every mailbox it knows, and answers what it then takes each for. Null where
   * it could not.
   */
  async finalView(names: readonly string[]): Promise<Map<string, MailboxCache> | null> {
    const views = new Map<string, MailboxCache>();
    const done = await this.#once(async () => {
      for (const name of names) {
        if (!(await this.#select(name))) continue;
        await this.#command("NOOP");
        await this.#learn();
        views.set(name, this.#selected!);
      }
    });
    return done ? views : null;
  }

  /** One connection, from greeting to loss. False where it was lost. */
  async #once(session: () => Promise<void>): Promise<boolean> {
    const { world, ledger } = this.#history;
    const connection = this.#history.someNode()?.accept("imap", this.#life);
    if (!connection) return false;
    this.#selected = null;
    const conversation = new ImapConversation(world, this.#life, connection, {
      untagged: (response) => this.#untagged(response),
      failed: (error) => this.#astray(error),
    });
    this.#conversation = conversation;
    try {
      await conversation.greeting();
      const login = await this.#command(`LOGIN ${this.user} secret`);
      if (login.status !== "OK") return false;
      if (this.#qresync && (await this.#command("ENABLE QRESYNC")).status !== "OK") return false;
      await session();
      return true;
    } catch (error) {
      if (!(error instanceof Lost)) ledger.violate(`${this.#name}: ${(error as Error).message}`);
      return false;
    } finally {
      conversation.drop();
    }
  }

  /**
   * What the server said does not fit. A node may not know yet what another one told this client a moment ago, where
   * no mod-sequence said so: then the client begins anew.
   */
  #astray(error: Error): void {
    const cache = this.#selected;
    if (!cache?.suspect) this.#history.ledger.violate(`${this.#name}: ${error.message}`);
    for (const [name, each] of this.#caches) if (each === cache) this.#caches.delete(name);
    this.#conversation!.drop();
  }

  #command(text: string): Promise<Tagged> {
    this.#history.world.note(`${this.#name} ${text}`);
    return this.#conversation!.command(text);
  }

  #someMailbox(): string {
    const { random } = this.#history.world;
    return random.chance(0.3) ? random.pick(this.#history.foldersOf(this.account)) : random.pick(mailboxes);
  }

  async #select(name: string): Promise<boolean> {
    let cache = this.#caches.get(name);
    if (!cache) {
      cache = new MailboxCache();
      this.#caches.set(name, cache);
    }
    const resync = this.#qresync && cache.validity > 0 && cache.modseq > 0 && cache.firstUnknown === 0;
    const parameter = resync ? ` (QRESYNC (${cache.validity} ${cache.modseq}))` : "";
    this.#selected = cache;
    cache.selecting();
    const answer = await this.#command(`SELECT ${name}${parameter}`);
    if (answer.status !== "OK") {
      this.#selected = null;
      this.#caches.delete(name);
      return false;
    }
    try {
      cache.selected(resync);
    } catch (error) {
      this.#astray(error as Error);
      throw new Lost();
    }
    await this.#learn();
    return true;
  }

  /** Fetches what it does not know yet of the selected mailbox. */
  async #learn(): Promise<void> {
    const cache = this.#selected!;
    for (let round = 0; round < 5 && cache.firstUnknown > 0; round++) {
      await this.#command(`FETCH ${cache.firstUnknown}:* (UID FLAGS${this.#modseqItem} BODY.PEEK[])`);
    }
  }

  get #modseqItem(): string {
    return this.#qresync ? " MODSEQ" : "";
  }

  async #something(): Promise<void> {
    const { world } = this.#history;
    if (this.#selected === null && !(await this.#select(this.#someMailbox()))) return;
    const cache = this.#selected!;
    const uids = world.random.some(cache.uids, 0.4).slice(0, 6);
    const actions: (() => Promise<unknown>)[] = [
      () => this.#noop(),
      () => this.#idle(),
      () => this.#append(),
      () => this.#folder(),
      () => this.#select(this.#someMailbox()),
      () => this.#command(`UID FETCH 1:* (FLAGS${this.#modseqItem})`),
    ];
    if (uids.length > 0) {
      actions.push(
        () => this.#store(uids),
        () => this.#mark(uids),
        () => this.#move(uids),
        () => this.#copy(uids),
        () => this.#expunge(uids),
      );
    }
    await world.random.pick(actions)();
    if (this.#selected && world.random.chance(0.5)) await this.#learn();
  }

  async #noop(): Promise<void> {
    if ((await this.#command("NOOP")).status === "OK") this.#selected?.settled();
  }

  async #idle(): Promise<void> {
    this.#history.world.note(`${this.#name} IDLE`);
    const answer = await this.#conversation!.idle(this.#history.pace * this.#history.world.random.wait(40));
    if (answer.status === "OK") this.#selected?.settled();
  }

  async #append(): Promise<void> {
    const { ledger, world } = this.#history;
    const { token, bytes } = ledger.newMessage(world.random.int(0, 300));
    const sent = { token, account: this.account, by: "APPEND" as const, fate: "unknown" as Fate };
    ledger.sent.set(token, sent);
    const name = this.#someMailbox();
    world.note(`${this.#name} APPEND ${name} ${token}`);
    const answer = await this.#conversation!.commandWithLiteral(`APPEND ${name} (\\Seen)`, bytes);
    sent.fate = fateOf(answer);
    const [, validity, uid] = /^\[APPENDUID (\d+) (\d+)\]/.exec(answer.text) ?? [];
    if (uid) ledger.told(this.account, instanceOf(Number(validity), Number(uid)), token, `${this.#name} APPENDUID`);
  }

  async #store(uids: readonly number[]): Promise<void> {
    const { random } = this.#history.world;
    const change = random.pick(["+FLAGS", "-FLAGS", "FLAGS", "+FLAGS.SILENT"]);
    // Whatever is deleted here may be expunged by anybody: only those that may be.
    const safe = random.chance(0.5) ? ["\\Seen", "\\Flagged"] : [random.pick(systemFlags.slice(0, 3))];
    await this.#command(`UID STORE ${uids} ${change} (${safe.join(" ")})`);
  }

  /** A keyword that nobody else uses: the change can be found again. */
  async #mark(uids: readonly number[]): Promise<void> {
    const { ledger } = this.#history;
    const keyword = this.#history.newKeyword(this.account);
    if (keyword === null) return;
    const marked = { keyword, account: this.account, fate: "unknown" as Fate };
    ledger.marked.push(marked);
    marked.fate = fateOf(await this.#command(`UID STORE ${uids} +FLAGS (${keyword})`));
  }

  async #move(uids: readonly number[]): Promise<void> {
    const source = this.#selected!;
    const removed = this.#removing(uids);
    await this.#transfer("MOVE", uids, (answer) => {
      removed.fate = fateOf(answer);
      const [, modseq] = /\[HIGHESTMODSEQ (\d+)\]/.exec(answer.text) ?? [];
      if (modseq && this.#selected === source) source.reached(Number(modseq));
    });
  }

  async #copy(uids: readonly number[]): Promise<void> {
    const { neverCopied } = this.#history.ledger;
    const tokens = new Map(this.#selected!.rows.map(({ uid, token }) => [uid, token]));
    const some = uids.filter((uid) => !neverCopied.has(tokens.get(uid) ?? "") && tokens.get(uid) != null);
    if (some.length > 0) await this.#transfer("COPY", some, () => {});
  }

  async #transfer(verb: "COPY" | "MOVE", uids: readonly number[], told: (answer: Tagged) => void): Promise<void> {
    const { ledger } = this.#history;
    const cache = this.#selected!;
    const tokens = new Map(cache.rows.map(({ uid, token }) => [uid, token]));
    const target = this.#someMailbox();
    this.#copied = null;
    const answer = await this.#command(`UID ${verb} ${uids} ${target}`);
    told(answer);
    const code = /\[COPYUID (\d+) (\S+) (\S+)\]/.exec(answer.text) ?? this.#copied;
    if (answer.status !== "OK" || !code) return;
    const [from, to] = [uidsOf(code[2]!), uidsOf(code[3]!)];
    if (from.length !== to.length) ledger.violate(`${this.#name}: COPYUID of ${from.length} and ${to.length} messages`);
    for (const [at, uid] of from.entries()) {
      const token = tokens.get(uid);
      const instance = instanceOf(Number(code[1]), to[at]!);
      if (token) ledger.told(this.account, instance, token, `${this.#name} COPYUID`);
    }
  }

  #copied: RegExpExecArray | null = null;

  #removing(uids: readonly number[]) {
    const { validity } = this.#selected!;
    const removed = {
      account: this.account as string,
      instances: uids.map((uid) => instanceOf(validity, uid)),
      fate: "unknown" as Fate,
    };
    this.#history.ledger.removed.push(removed);
    return removed;
  }

  async #expunge(uids: readonly number[]): Promise<void> {
    const { neverCopied } = this.#history.ledger;
    const tokens = new Map(this.#selected!.rows.map(({ uid, token }) => [uid, token]));
    const some = uids.filter((uid) => tokens.get(uid) != null && !neverCopied.has(tokens.get(uid)!));
    if (some.length === 0) return;
    const cache = this.#selected!;
    const flagged = await this.#command(`UID STORE ${some} +FLAGS.SILENT (\\Deleted)`);
    if (flagged.status !== "OK" || this.#selected !== cache) return;
    // Somebody may take the flag off again meanwhile; then the message stays.
    const answer = await this.#command(`UID EXPUNGE ${some}`);
    if (answer.status !== "OK") return;
    const [, modseq] = /\[HIGHESTMODSEQ (\d+)\]/.exec(answer.text) ?? [];
    if (modseq) cache.reached(Number(modseq));
  }

  async #folder(): Promise<void> {
    const { world } = this.#history;
    const folders = this.#history.foldersOf(this.account).filter((name) => name.startsWith("F"));
    const fresh = `F${this.#name}.${++this.#folders}`;
    const old = folders.length > 0 ? world.random.pick(folders) : null;
    const kind = world.random.pick(["CREATE", "RENAME", "DELETE"]);
    if (kind === "CREATE" || old === null) {
      const answer = await this.#command(`CREATE ${fresh}`);
      if (answer.status === "OK") this.#history.noteFolder(this.account, null, fresh);
    } else if (kind === "RENAME") {
      const answer = await this.#command(`RENAME ${old} ${fresh}`);
      if (answer.status === "OK") this.#history.noteFolder(this.account, old, fresh);
    } else if (world.random.chance(0.3)) {
      this.#history.noteFolder(this.account, old, null);
      await this.#command(`DELETE ${old}`);
      // It may have been the one that is selected.
      this.#conversation!.drop();
    }
  }

  #untagged(response: Untagged): void {
    const { name, number, items, text } = response;
    const cache = this.#selected;
    if (name === "OK") {
      const [, code, value] = /^\[(UIDVALIDITY|HIGHESTMODSEQ) (\d+)\]/.exec(text) ?? [];
      if (code === "UIDVALIDITY") cache?.uidValidity(Number(value));
      // All changes up to there are in the responses to SELECT.
      if (code === "HIGHESTMODSEQ") cache?.reached(Number(value));
      this.#copied ??= /^\[COPYUID (\d+) (\S+) (\S+)\]/.exec(text);
      return;
    }
    if (name === "FLAGS") this.#announced = new Set(items[0] as readonly string[]);
    if (!cache || number === null) {
      if (name === "VANISHED" && cache) {
        const earlier = Array.isArray(items[0]);
        cache.vanished(uidsOf(String(items[earlier ? 1 : 0])), earlier);
      }
      return;
    }
    if (name === "EXISTS") cache.exists(number);
    else if (name === "EXPUNGE") cache.expunge(number);
    else if (name === "FETCH") this.#fetched(cache, number, items[0] as readonly Item[]);
  }

  /** Keywords that FLAGS has told of the mailbox that is selected, or is being selected. */
  #announced = new Set<string>();

  /** RFC 3501, section 7.2.6: whoever set a keyword, FLAGS says it before FETCH shows it. */
  #checkAnnounced(flags: readonly string[]): void {
    const unknown = flags.filter((flag) => !flag.startsWith("\\") && !this.#announced.has(flag));
    if (unknown.length > 0) throw new Error(`FETCH shows ${unknown}, of which FLAGS had said nothing`);
  }

  #fetched(cache: MailboxCache, sequence: number, items: readonly Item[]): void {
    const { ledger } = this.#history;
    const facts: { uid?: number; flags?: string; modseq?: number; token?: string } = {};
    for (let at = 0; at < items.length; at += 2) {
      const value = items[at + 1];
      switch (items[at]) {
        case "UID":
          facts.uid = Number(value);
          break;
        case "FLAGS":
          facts.flags = flagsText(value as readonly string[]);
          this.#checkAnnounced(value as readonly string[]);
          break;
        case "MODSEQ":
          facts.modseq = Number((value as readonly string[])[0]);
          break;
        case "BODY[]": {
          const token = ledger.tokenOf(value as Uint8Array, `${this.#name} FETCH ${sequence}`);
          if (token) facts.token = token;
        }
      }
    }
    // After STORE with .SILENT: it has changed, and into what is not said (RFC 7162, section 3.1.3).
    if (facts.modseq !== undefined && facts.flags === undefined) cache.forgetFlags(sequence);
    cache.fetched(sequence, facts);
    const row = cache.rows[sequence - 1];
    const uid = facts.uid ?? row?.uid;
    if (uid == null || cache.validity === 0) return;
    const instance = instanceOf(cache.validity, uid);
    if (facts.token) ledger.told(this.account, instance, facts.token, `${this.#name} FETCH`);
    const { flags, modseq } = facts;
    if (flags !== undefined && modseq !== undefined) {
      ledger.flags.push({ account: this.account, instance, modseq, flags });
    }
  }
}

/** \Recent is a session's own. */
export function flagsText(flags: readonly string[]): string {
  return flags
    .filter((flag) => flag !== "\\Recent")
    .sort()
    .join(" ");
}

function fateOf({ status, text }: Tagged): Fate {
  if (status === "OK") return "done";
  // What cannot be known is said with these codes (RFC 5530).
  return /^\[(UNAVAILABLE|SERVERBUG)\]/.test(text) ? "unknown" : "refused";
}
