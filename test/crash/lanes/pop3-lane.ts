import { LineClient } from "../../transcripts/line-client.ts";
import type { DeliveryLedger } from "../delivery-ledger.ts";
import { nameOf } from "../letter.ts";
import { type Burst, type Lane, type LaneAround, type Ports, patience, Unanswered } from "./lane.ts";

/** A POP3 client that is the only one to remove from its INBOX: a few messages a session, made true by QUIT. */
export class Pop3Lane implements Lane {
  readonly #around: LaneAround;
  readonly #ledger: DeliveryLedger;
  #wire: LineClient | null = null;

  constructor(around: LaneAround, ledger: DeliveryLedger) {
    this.#around = around;
    this.#ledger = ledger;
  }

  async work(ports: Ports, burst: Burst): Promise<void> {
    try {
      while (!burst.over && !this.#ledger.removing) {
        await this.#session(ports, burst);
        this.leave();
      }
    } catch {
      this.leave();
    }
  }

  leave(): void {
    this.#wire?.close();
    this.#wire = null;
  }

  async #session(ports: Ports, burst: Burst): Promise<void> {
    const { random, user, fault } = this.#around;
    this.#wire = await LineClient.connect(ports.pop3, false);
    await this.#line();
    await this.#ask(`USER ${user.name}`);
    await this.#ask("PASS secret");
    const count = Number((await this.#ask("STAT")).split(" ")[1]);
    const marked: string[] = [];
    for (let n = 1; n <= Math.min(count, random.between(1, 6)) && !burst.over; n++) {
      await this.#ask(`RETR ${n}`);
      const text = await this.#text();
      const name = nameOf(text);
      const sent = this.#ledger.textOf(name);
      if (sent === undefined || !text.endsWith(sent)) fault(`RETR gives ${name} with bytes that nobody sent`);
      await this.#ask(`DELE ${n}`);
      marked.push(name);
    }
    this.#ledger.remove(marked);
    await this.#ask("QUIT");
    this.#ledger.removed();
  }

  async #text(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#line();
      if (line === ".") return `${lines.join("\r\n")}\r\n`;
      lines.push(line.startsWith(".") ? line.slice(1) : line);
    }
  }

  async #ask(command: string): Promise<string> {
    this.#wire!.say(`${command}\r\n`);
    const line = await this.#line();
    if (line.startsWith("+OK")) return line;
    if (!/^-ERR \[(SYS|IN-USE)/.test(line)) this.#around.fault(`${command} was answered ${line}`);
    throw new Unanswered(line);
  }

  async #line(): Promise<string> {
    const line = await this.#wire!.hear(patience);
    if (line === null) throw new Unanswered("the connection ended");
    return line;
  }
}
