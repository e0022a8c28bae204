import { ImapClient } from "../transcripts/imap-client.ts";

/**
 * A mail client that keeps what it knows of INBOX, as a phone does: it learns changes as they are pushed, and when its
 * connection ends takes another and asks by QRESYNC for what it missed. It throws when a server makes it begin anew: another
 * UIDVALIDITY, a message under a UID it knows to be gone, a UID below one it has seen.
 *
 * @see RFC 7162 §3.2.5 (QRESYNC parameter of SELECT)
 */
export class CachedClient {
  /** Flags of every message by UID, without \Recent. */
  readonly messages = new Map<number, string>();
  /** Texts by UID; each is fetched once. */
  readonly texts = new Map<number, string>();
  /** How often a connection ended and another was taken. */
  reconnects = 0;
  /** Whether it waits in IDLE. */
  isIdle = false;
  /** What it was told, for whoever wonders how it came to know something. */
  readonly heard: string[] = [];
  /** Milliseconds from the end of the last connection to being synchronised again. */
  lastOutage = 0;
  #port: number;
  #user: string;
  #validity = "";
  /** All changes up to this one are known; what is told on the way there counts when the command is answered. */
  #modseq = 0;
  #toldModseq = 0;
  #next = 1;
  readonly #gone = new Set<number>();
  #client: ImapClient | null = null;
  #ended = 0;

  constructor(port: number, user: string) {
    this.#port = port;
    this.#user = user;
  }

  /** Learns what is new; over another connection where there is none, or this one ends. Answers when it knows. */
  async sync(): Promise<void> {
    for (;;) {
      try {
        if (this.#client === null) await this.#connect();
        else this.#learn((await this.#client.ok("NOOP")).lines);
        await this.#fetchNew();
        this.#modseq = Math.max(this.#modseq, this.#toldModseq);
        if (this.#ended > 0) this.lastOutage = performance.now() - this.#ended;
        this.#ended = 0;
        return;
      } catch (error) {
        if (!isEnd(error)) throw error;
        this.#lost();
      }
    }
  }

  /** Waits in IDLE until the connection ends, or `until` settles; learns what is pushed. Then synchronises. */
  async idle(until: Promise<unknown>): Promise<void> {
    await this.sync();
    const client = this.#client!;
    try {
      client.wire.say("idle IDLE\r\n");
      let over = false;
      void until.then(() => {
        over = true;
        client.wire.say("DONE\r\n");
      });
      for (;;) {
        const line = await client.wire.hear(60_000);
        if (line === null) throw new ConnectionEnded();
        if (line.startsWith("idle ")) break;
        if (line.startsWith("+")) this.isIdle = true;
        else this.#learn([line]);
        if (over) continue;
      }
    } catch (error) {
      if (!isEnd(error)) throw error;
      this.#lost();
    } finally {
      this.isIdle = false;
    }
    await this.sync();
  }

  /** Changes something; where the connection ends meanwhile it is not known whether that was done. */
  async ask(command: string): Promise<"done" | "unknown"> {
    await this.sync();
    try {
      this.#learn((await this.#client!.ok(command)).lines);
      return "done";
    } catch (error) {
      if (!isEnd(error)) throw error;
      this.#lost();
      return "unknown";
    }
  }

  close(): void {
    this.#client?.close();
    this.#client = null;
  }

  #lost(): void {
    this.#client?.close();
    this.#client = null;
    this.reconnects++;
    if (this.#ended === 0) this.#ended = performance.now();
  }

  async #connect(): Promise<void> {
    const client = await ImapClient.connect({ port: () => this.#port }).catch(() => {
      throw new ConnectionEnded();
    });
    this.#client = client;
    this.#toldModseq = 0;
    await client.ok(`LOGIN ${this.#user} secret`);
    await client.ok("ENABLE QRESYNC");
    // Who was cut off before it had taken anything has nothing to resynchronise from.
    const known = this.#modseq === 0 ? "" : ` (QRESYNC (${this.#validity} ${this.#modseq}))`;
    const { lines } = await client.ok(`SELECT INBOX${known}`);
    const text = lines.join("\n");
    const validity = /\[UIDVALIDITY (\d+)\]/.exec(text)![1]!;
    if (this.#validity !== "" && validity !== this.#validity)
      throw new Error(`UIDVALIDITY was ${this.#validity} and is ${validity}: everything has to be fetched again`);
    this.#validity = validity;
    this.heard.push(`SELECT${known} at ${this.#port}`);
    this.#learn(lines);
    this.#toldModseq = Number(/\[HIGHESTMODSEQ (\d+)\]/.exec(text)![1]);
  }

  async #fetchNew(): Promise<void> {
    const before = this.#next;
    const { lines } = await this.#client!.ok(`UID FETCH ${before}:* (FLAGS BODY.PEEK[TEXT])`);
    for (const line of lines) {
      const [, uid, flags] = /UID (\d+) FLAGS \(([^)]*)\)/.exec(line) ?? [];
      const text = /BODY\[TEXT\] \{\d+\}\r\n(\S*)/.exec(line)?.[1];
      if (uid === undefined || text === undefined) {
        this.#learn([line]);
        continue;
      }
      this.heard.push(line.replaceAll("\r\n", " "));
      const number = Number(uid);
      // `*` stands for the last one, also where that is an old one.
      if (number < before) continue;
      if (this.texts.has(number)) throw new Error(`UID ${number} came a second time`);
      this.#remember(number, flags!);
      this.texts.set(number, text);
      this.#next = Math.max(this.#next, number + 1);
    }
  }

  #learn(lines: readonly string[]): void {
    for (const line of lines) {
      this.heard.push(line);
      const vanished = /^\* VANISHED (?:\(EARLIER\) )?(\S+)$/.exec(line)?.[1];
      if (vanished !== undefined) this.#vanish(vanished);
      if (/^\* \d+ EXPUNGE/.test(line)) throw new Error(`EXPUNGE after ENABLE QRESYNC: ${line}`);
      const [, uid, flags] = /^\* \d+ FETCH \(.*?UID (\d+) FLAGS \(([^)]*)\)/.exec(line) ?? [];
      // One that is not fetched yet comes with its text, by `#fetchNew`.
      if (uid !== undefined && Number(uid) < this.#next) this.#remember(Number(uid), flags!);
      const modseq = Number(/MODSEQ \((\d+)\)/.exec(line)?.[1] ?? 0);
      if (uid !== undefined) this.#toldModseq = Math.max(this.#toldModseq, modseq);
    }
  }

  #vanish(set: string): void {
    for (const range of set.split(",")) {
      const [first, last = first] = range.split(":").map(Number);
      for (let uid = first!; uid <= last!; uid++) {
        this.#gone.add(uid);
        this.messages.delete(uid);
      }
    }
  }

  #remember(uid: number, flags: string): void {
    if (this.#gone.has(uid)) throw new Error(`UID ${uid} is there again`);
    const kept = flags.split(" ").filter((flag) => flag !== "" && flag !== "\\Recent");
    this.messages.set(uid, kept.sort().join(" "));
  }
}

class ConnectionEnded extends Error {}

function isEnd(error: unknown): boolean {
  if (error instanceof ConnectionEnded) return true;
  return error instanceof Error && /connection ended|^\S.*: \S+ NO \[UNAVAILABLE\]|ECONNRESET/.test(error.message);
}
