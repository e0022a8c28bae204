import type { AccountId } from "../../src/domain/ids.ts";
import type { Connection } from "./connection.ts";
import type { History } from "./history.ts";
import { Lost } from "./imap-conversation.ts";
import type { Fate } from "./ledger.ts";
import { Life } from "./world.ts";

const patience = 20_000;

/** Somebody who fetches mail by POP3 and removes some of it. */
export class Pop3Client {
  readonly #history: History;
  readonly #life: Life;
  readonly #name: string;
  readonly #user: string;
  readonly #account: AccountId;

  constructor(history: History, name: string, user: string, account: AccountId) {
    this.#history = history;
    this.#life = new Life(name);
    this.#name = name;
    this.#user = user;
    this.#account = account;
  }

  async live(): Promise<void> {
    const { world } = this.#history;
    while (!this.#history.closing) {
      await world.pause(this.#history.pace * world.random.wait(60), this.#life);
      await this.session(true);
    }
  }

  /** One session; answers the UIDLs it was told, or null where it was cut short. */
  async session(removes: boolean): Promise<readonly string[] | null> {
    const { ledger, world } = this.#history;
    const connection = this.#history.someNode()?.accept("pop3", this.#life);
    if (!connection) return null;
    const lines = new Lines(this.#history, this.#life, connection);
    try {
      await lines.one();
      world.note(`${this.#name} POP3`);
      if (!(await lines.ask(`USER ${this.#user}`)).startsWith("+OK")) return null;
      if (!(await lines.ask("PASS secret")).startsWith("+OK")) return null;
      const uidls = (await lines.askMany("UIDL")).map((line) => line.split(" ")[1]!);
      if (new Set(uidls).size !== uidls.length) ledger.violate(`${this.#name}: a UIDL is there twice: ${uidls}`);
      if (!removes) {
        await lines.ask("QUIT");
        return uidls;
      }
      const gone: string[] = [];
      for (const [at, uidl] of uidls.entries()) {
        if (!world.random.chance(0.4)) continue;
        const text = (await lines.askMany(`RETR ${at + 1}`)).map((line) => `${line.replace(/^\./, "")}\r\n`).join("");
        const token = ledger.tokenOf(Buffer.from(text, "latin1"), `${this.#name} RETR`);
        if (!token) continue;
        ledger.toldUidl(this.#account, uidl, token, `${this.#name} RETR`);
        if (ledger.neverCopied.has(token) || !world.random.chance(0.4)) continue;
        if ((await lines.ask(`DELE ${at + 1}`)).startsWith("+OK")) gone.push(uidl);
      }
      if (world.random.chance(0.2)) return uidls; // Goes away without QUIT: nothing is removed.
      const removed = { account: this.#account as string, uidls: gone, fate: "unknown" as Fate };
      ledger.pop3Removed.push(removed);
      const answer = await lines.ask("QUIT");
      if (answer.startsWith("+OK")) removed.fate = "done";
      return uidls;
    } catch (error) {
      if (!(error instanceof Lost)) ledger.violate(`${this.#name}: ${(error as Error).message}`);
      return null;
    } finally {
      connection.drop();
    }
  }
}

/** Lines of a connection, one after the other. */
class Lines {
  readonly #history: History;
  readonly #life: Life;
  readonly #connection: Connection;
  #text = "";
  #closed = false;
  #wake: () => void = () => {};

  constructor(history: History, life: Life, connection: Connection) {
    this.#history = history;
    this.#life = life;
    this.#connection = connection;
    connection.onData = (bytes) => {
      this.#text += Buffer.from(bytes).toString("latin1");
      this.#wake();
    };
    connection.onClosed = () => this.#close();
  }

  #close(): void {
    this.#closed = true;
    this.#wake();
  }

  async one(): Promise<string> {
    const forget = this.#history.world.after(patience, this.#life, () => this.#close());
    try {
      for (;;) {
        const end = this.#text.indexOf("\r\n");
        if (end >= 0) {
          const line = this.#text.slice(0, end);
          this.#text = this.#text.slice(end + 2);
          return line;
        }
        if (this.#closed) throw new Lost();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      forget();
    }
  }

  async ask(command: string): Promise<string> {
    this.#connection.send(`${command}\r\n`);
    return await this.one();
  }

  async askMany(command: string): Promise<string[]> {
    const first = await this.ask(command);
    if (!first.startsWith("+OK")) throw new Lost();
    const lines: string[] = [];
    for (;;) {
      const line = await this.one();
      if (line === ".") return lines;
      lines.push(line);
    }
  }
}
