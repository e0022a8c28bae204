import { connect, type Socket } from "node:net";

/** What became of a message, and in answer to which command. */
export type Told = { readonly at: "MAIL" | "RCPT" | "message"; readonly reply: string };

/** An MTA that says MAIL, RCPT and DATA in one packet (RFC 2920), sends the message when it is asked for, and ends what was refused. */
export class Sender {
  readonly #socket: Socket;
  #text = "";
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.#text += text;
      this.#wake();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#text += "closed\r\n";
      this.#wake();
    });
  }

  static async open(port: number): Promise<Sender> {
    const sender = new Sender(connect({ host: "127.0.0.1", port }));
    await sender.#reply();
    await sender.say("LHLO test");
    return sender;
  }

  async say(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`);
    return this.#reply();
  }

  /** Sends a message whose lines end with CRLF and do not begin with a dot. */
  async offer(to: string, message: string): Promise<Told> {
    this.#socket.write(`MAIL FROM:<mta@example.org>\r\nRCPT TO:<${to}>\r\nDATA\r\n`);
    const [mail, rcpt, data] = [await this.#reply(), await this.#reply(), await this.#reply()];
    if (data.startsWith("354 ")) return { at: "message", reply: await this.say(`${message}.`) };
    if (!mail.startsWith("250 ")) return { at: "MAIL", reply: mail };
    await this.say("RSET");
    return { at: "RCPT", reply: rcpt };
  }

  close(): void {
    this.#socket.destroy();
  }

  /** The last line of the next reply. */
  async #reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-.*\r\n)*(.*)\r\n/.exec(this.#text);
      if (match !== null && !/^\d{3}-/.test(match[1]!)) {
        this.#text = this.#text.slice(match[0].length);
        return match[1]!;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
