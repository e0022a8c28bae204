import { connect, type Socket } from "node:net";

/** A bare LMTP client: one message at a time, and what it was told. */
export class LmtpClient {
  readonly #socket: Socket;
  #buffer = "";
  #waiting: ((line: string | null) => void) | null = null;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.#buffer += text;
      this.#wake();
    });
    const closed = (): void => {
      this.#closed = true;
      this.#wake();
    };
    socket.on("close", closed);
    socket.on("error", closed);
  }

  static async open(port: number): Promise<LmtpClient> {
    const client = new LmtpClient(connect({ host: "127.0.0.1", port }));
    await client.reply();
    await client.say("LHLO test");
    return client;
  }

  /** The reply's last line; null where the connection ended before it came. */
  async reply(): Promise<string | null> {
    for (;;) {
      const match = /^(\d{3}-.*\r\n)*(\d{3} .*)\r\n/.exec(this.#buffer);
      if (match) {
        this.#buffer = this.#buffer.slice(match[0].length);
        return match[2]!;
      }
      if (this.#closed) return null;
      await new Promise<void>((resolve) => {
        this.#waiting = () => resolve();
      });
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(null);
  }

  say(line: string): Promise<string | null> {
    this.#socket.write(`${line}\r\n`);
    return this.reply();
  }

  /** What the server says of the message in the end; null where it did not get to say it. */
  async deliver(to: string, message: string, from = "sender@example.org"): Promise<string | null> {
    for (const line of [`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "DATA"]) {
      const reply = await this.say(line);
      if (reply === null || !/^[23]/.test(reply)) return reply;
    }
    const ended = message.endsWith("\r\n") ? message : `${message}\r\n`;
    return this.say(`${ended.replaceAll(/^\./gm, "..")}.`);
  }

  close(): void {
    this.#socket.destroy();
  }
}
