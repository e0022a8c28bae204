import { connect, type Socket } from "node:net";

/** What became of messages, as an MTA's log would say. */
export type MtaLog = {
  /** Acknowledged by 250, by their text. */
  readonly delivered: string[];
  /** Tried again later, and why: a 4xx, or a connection that ended in the middle of a transaction. */
  readonly deferred: string[];
  /** Returned to the sender: a 5xx. */
  readonly failed: string[];
  /** Connections that ended, or said 421, between two messages: the next one takes another. */
  reconnected: number;
};

/**
 * An MTA that keeps its LMTP connection between messages, as Postfix does: before it uses it again it asks by RSET whether
 * it is still there, and takes a fresh one where it is not. A message that was answered 4xx, or not answered, stays in the
 * queue and is sent again (RFC 5321 §4.5.4.1). Delivers one message after the other until `stop()`.
 *
 * @see https://www.postfix.org/CONNECTION_CACHE_README.html
 */
export class Mta {
  readonly log: MtaLog = { delivered: [], deferred: [], failed: [], reconnected: 0 };
  readonly #port: number;
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(port: number, next: (n: number) => { to: string; text: string }) {
    this.#port = port;
    this.#done = this.#deliverAll(next);
  }

  /** Answers when the message under way is delivered. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #deliverAll(next: (n: number) => { to: string; text: string }): Promise<void> {
    let link: Link | null = null;
    for (let n = 0; !this.#stopped; n++) {
      const { to, text } = next(n);
      for (;;) {
        link = await this.#ready(link);
        const reply = await transact(link, to, `Subject: ${text}\r\n\r\n${text}\r\n`);
        if (reply?.startsWith("250")) {
          this.log.delivered.push(text);
          break;
        }
        if (reply?.startsWith("5")) {
          this.log.failed.push(`${text}: ${reply}`);
          break;
        }
        this.log.deferred.push(`${text}: ${reply ?? "connection ended"}`);
        link.close();
        link = null;
        await Bun.sleep(10);
      }
    }
    link?.close();
  }

  /** A connection that has just answered. */
  async #ready(link: Link | null): Promise<Link> {
    if (link !== null) {
      if ((await link.say("RSET"))?.startsWith("250")) return link;
      link.close();
      this.log.reconnected++;
    }
    for (;;) {
      const fresh = new Link(this.#port);
      const greeted = (await fresh.reply())?.startsWith("220") && (await fresh.say("LHLO mta"))?.startsWith("250");
      if (greeted) return fresh;
      fresh.close();
      this.log.reconnected++;
      await Bun.sleep(10);
    }
  }
}

async function transact(link: Link, to: string, message: string): Promise<string | null> {
  for (const line of ["MAIL FROM:<sender@example.org>", `RCPT TO:<${to}>`, "DATA"]) {
    const reply = await link.say(line);
    if (reply === null || !/^[23]/.test(reply)) return reply;
  }
  return await link.say(`${message}.`);
}

/** A connection; what it is told after 421 does not matter. */
class Link {
  readonly #socket: Socket;
  #text = "";
  #over = false;
  #wake = () => {};

  constructor(port: number) {
    this.#socket = connect({ host: "127.0.0.1", port });
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text: string) => {
      this.#text += text;
      this.#wake();
    });
    for (const event of ["end", "close", "error"] as const) {
      this.#socket.on(event, () => {
        this.#over = true;
        this.#wake();
      });
    }
  }

  say(line: string): Promise<string | null> {
    if (!this.#over) this.#socket.write(`${line}\r\n`);
    return this.reply();
  }

  /** The last line of the next reply; null where the connection ended without one. */
  async reply(): Promise<string | null> {
    for (;;) {
      const whole = /^(?:\d{3}-.*\r\n)*(\d{3} .*)\r\n/.exec(this.#text);
      if (whole) {
        this.#text = this.#text.slice(whole[0].length);
        return whole[1]!;
      }
      if (this.#over) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
