import { connect } from "node:net";

/** Two ends of an octet stream that speaks IMAP, as Latin-1. */
export type Octets = { write(text: string): void; readonly incoming: AsyncIterable<Uint8Array>; close(): void };

export type Answers = {
  readonly status: "OK" | "NO" | "BAD";
  /** The tagged line after its status. */
  readonly text: string;
  /** Without the leading `* `; literals as they came, `{3}\r\nabc`. */
  readonly untagged: readonly string[];
};

/** A client that sends one command at a time and returns all that came until its tagged line. */
export class ImapPeer {
  readonly #octets: Octets;
  readonly #reader: AsyncIterator<Uint8Array>;
  #text = "";
  #tag = 0;

  constructor(octets: Octets) {
    this.#octets = octets;
    this.#reader = octets.incoming[Symbol.asyncIterator]();
  }

  /** A session of this user at a server on this machine, with the password "secret". */
  static async loggedIn(port: number, user: string): Promise<ImapPeer> {
    const socket = connect(port, "127.0.0.1");
    const peer = new ImapPeer({
      write: (text) => void socket.write(text, "latin1"),
      incoming: socket,
      close: () => socket.destroy(),
    });
    await peer.greeting();
    await peer.say(`LOGIN ${user} secret`);
    return peer;
  }

  /** The greeting. */
  greeting(): Promise<string> {
    return this.#line();
  }

  /** @param command without tag; literals in it are non-synchronising, `{3+}\r\nabc` */
  async say(command: string): Promise<Answers> {
    const tag = `t${++this.#tag}`;
    this.#octets.write(`${tag} ${command}\r\n`);
    const untagged: string[] = [];
    for (;;) {
      const line = await this.#line();
      if (line.startsWith("* ")) untagged.push(line.slice(2));
      else if (line.startsWith(`${tag} `)) {
        const [, status, text] = /^\S+ (OK|NO|BAD) ?(.*)$/s.exec(line)!;
        return { status: status as Answers["status"], text: text!, untagged };
      } else throw new Error(`Neither an answer nor the end of ${command}: ${line}`);
    }
  }

  close(): void {
    this.#octets.close();
  }

  async #line(): Promise<string> {
    let from = 0;
    for (;;) {
      const end = this.#text.indexOf("\r\n", from);
      if (end < 0) {
        await this.#more();
        continue;
      }
      const literal = /\{(\d+)\}$/.exec(this.#text.slice(from, end));
      if (literal) {
        from = end + 2 + Number(literal[1]);
        while (this.#text.length < from) await this.#more();
        continue;
      }
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      return line;
    }
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#reader.next();
    if (done) throw new Error(`The connection ended: ${this.#text}`);
    this.#text += Buffer.from(value).toString("latin1");
  }
}
