import type { Connection } from "./connection.ts";
import { type Item, parseItems, ResponseReader } from "./imap-response.ts";
import type { Life, World } from "./world.ts";

/** The connection was lost: what became of the command is not known. */
export class Lost extends Error {}

export type Tagged = { readonly status: "OK" | "NO" | "BAD"; readonly text: string };
/** Untagged: what it is about (`EXISTS`, `FETCH`, `OK` …), its number where it has one, and the rest. */
export type Untagged = {
  readonly name: string;
  readonly number: number | null;
  readonly items: readonly Item[];
  readonly text: string;
};

/** How long a client waits for an answer, milliseconds. */
const patience = 20_000;

/** The client's side of the wire: commands out, responses in, one command at a time. */
export class ImapConversation {
  readonly #world: World;
  readonly #life: Life;
  readonly #connection: Connection;
  readonly #reader = new ResponseReader();
  readonly #untagged: (response: Untagged) => void;
  readonly #failed: (error: Error) => void;
  #tag = 0;
  #waiting: { readonly tag: string; settle(answer: Tagged | Lost): void } | null = null;
  #continued: ((go: true | Lost | Tagged) => void) | null = null;
  #closed = false;
  #greeted = Promise.withResolvers<void>();

  constructor(
    world: World,
    life: Life,
    connection: Connection,
    hear: { untagged(response: Untagged): void; failed(error: Error): void },
  ) {
    this.#world = world;
    this.#life = life;
    this.#connection = connection;
    this.#untagged = hear.untagged;
    this.#failed = hear.failed;
    connection.onData = (bytes) => {
      this.#reader.add(bytes);
      for (let response = this.#reader.next(); response; response = this.#reader.next()) this.#hear(response);
    };
    connection.onClosed = () => this.#lose();
    this.#greeted.promise.catch(() => {});
    world.after(patience, life, () => this.#greeted.reject(new Lost()));
  }

  get closed(): boolean {
    return this.#closed;
  }

  greeting(): Promise<void> {
    return this.#greeted.promise;
  }

  /** Sends a command and waits for its tagged answer. */
  async command(text: string): Promise<Tagged> {
    const answer = this.#answer();
    this.#connection.send(`${answer.tag} ${text}\r\n`);
    return await answer.promise;
  }

  /** A command that ends with a literal: waits for the server to ask for it. */
  async commandWithLiteral(text: string, literal: Uint8Array): Promise<Tagged> {
    const answer = this.#answer();
    const asked = this.#continuation();
    this.#connection.send(`${answer.tag} ${text} {${literal.length}}\r\n`);
    const early = await Promise.race([asked, answer.promise]);
    if (early !== true) return early;
    this.#connection.send(Buffer.concat([literal, Buffer.from("\r\n")]));
    return await answer.promise;
  }

  /** IDLE for `ms`. */
  async idle(ms: number): Promise<Tagged> {
    const answer = this.#answer(ms + patience);
    const asked = this.#continuation();
    this.#connection.send(`${answer.tag} IDLE\r\n`);
    const early = await Promise.race([asked, answer.promise]);
    if (early !== true) return early;
    await this.#world.pause(ms, this.#life);
    if (this.#closed) throw new Lost();
    this.#connection.send("DONE\r\n");
    return await answer.promise;
  }

  /** Goes away without a word. */
  drop(): void {
    this.#connection.drop();
    this.#lose();
  }

  #answer(wait = patience): { tag: string; promise: Promise<Tagged> } {
    if (this.#closed) throw new Lost();
    const tag = `a${++this.#tag}`;
    const { promise, resolve, reject } = Promise.withResolvers<Tagged>();
    promise.catch(() => {});
    const forget = this.#world.after(wait, this.#life, () => this.drop());
    this.#waiting = {
      tag,
      settle: (answer) => {
        forget();
        this.#waiting = null;
        if (answer instanceof Lost) reject(answer);
        else resolve(answer);
      },
    };
    return { tag, promise };
  }

  #continuation(): Promise<true> {
    return new Promise((resolve) => {
      this.#continued = () => resolve(true);
    });
  }

  #lose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#greeted.reject(new Lost());
    this.#waiting?.settle(new Lost());
  }

  #hear(response: Buffer): void {
    const text = response.toString("latin1");
    this.#world.trace?.push(`${" ".repeat(14)}${this.#life.name} < ${text.replaceAll(/\s+/g, " ").slice(0, 200)}`);
    try {
      if (text.startsWith("+")) return this.#continued?.(true);
      if (text.startsWith("* ")) return this.#hearUntagged(response, text);
      const space = text.indexOf(" ");
      if (!this.#waiting || text.slice(0, space) !== this.#waiting.tag) throw new Error(`unexpected: ${text}`);
      const [, status, rest] = /^(OK|NO|BAD) (.*)$/s.exec(text.slice(space + 1)) ?? [];
      if (status === undefined) throw new Error(`unreadable: ${text}`);
      if (status === "BAD") this.#failed(new Error(`BAD: ${rest}`));
      this.#waiting.settle({ status: status as Tagged["status"], text: rest! });
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  #hearUntagged(response: Buffer, text: string): void {
    const [, number, name] = /^\* (?:(\d+) )?([A-Z]+)/.exec(text) ?? [];
    if (name === undefined) throw new Error(`unreadable: ${text}`);
    this.#greeted.resolve();
    const at = 2 + (number === undefined ? 0 : number.length + 1) + name.length;
    const isStatus = ["OK", "NO", "BAD", "BYE", "PREAUTH"].includes(name);
    this.#untagged({
      name,
      number: number === undefined ? null : Number(number),
      items: isStatus ? [] : parseItems(response, at),
      text: text.slice(at + 1),
    });
  }
}
