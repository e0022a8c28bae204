import { connect, type Socket } from "node:net";
import { connect as secure } from "node:tls";

/**
 * A client that says lines and hears responses. A response is a line with whatever literals it announces; its text
 * has CRLF between its lines and none at its end. Octets are Latin-1 characters on the inside, so none is lost.
 */
export class LineClient {
  readonly #literals: boolean;
  #socket: Socket;
  #octets = "";
  #responses: string[] = [];
  #closed = false;
  #wake: (() => void) | null = null;

  private constructor(socket: Socket, literals: boolean) {
    this.#literals = literals;
    this.#socket = socket;
    this.#listen(socket);
  }

  /** `literals`: lines that end in `{n}` go on (IMAP). */
  static async connect(port: number, literals: boolean, tls = false): Promise<LineClient> {
    const socket = tls
      ? secure({ port, host: "127.0.0.1", rejectUnauthorized: false })
      : connect({ port, host: "127.0.0.1" });
    await new Promise<void>((resolve, reject) => {
      socket.once(tls ? "secureConnect" : "connect", resolve);
      socket.once("error", reject);
    });
    return new LineClient(socket, literals);
  }

  say(text: string): void {
    this.#socket.write(Buffer.from(text, "utf8"));
  }

  sayOctets(octets: Uint8Array): void {
    this.#socket.write(octets);
  }

  /** The next response; null where the server has ended the connection. Throws after `ms` of silence. */
  async hear(ms = 10_000): Promise<string | null> {
    const until = Date.now() + ms;
    while (this.#responses.length === 0) {
      if (this.#closed) return null;
      const left = until - Date.now();
      if (left <= 0)
        throw new Error(`heard nothing for ${ms} ms${this.#octets ? ` but ${JSON.stringify(this.#octets)}` : ""}`);
      let timer: Timer | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
    return this.#responses.shift()!;
  }

  /** What has been heard already and not asked for. */
  heardAlready(): string[] {
    return this.#responses.splice(0);
  }

  async startTls(): Promise<void> {
    this.#socket.removeAllListeners();
    const socket = secure({ socket: this.#socket, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
    });
    this.#socket = socket;
    this.#listen(socket);
  }

  /** Stops reading from the socket, as a client that hangs would. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on("data", (bytes: Buffer) => {
      this.#octets += bytes.toString("latin1");
      this.#cut();
    });
    const closed = () => {
      this.#closed = true;
      this.#wake?.();
    };
    socket.on("end", closed);
    socket.on("close", closed);
    socket.on("error", closed);
  }

  #cut(): void {
    for (let response = this.#next(); response !== null; response = this.#next()) this.#responses.push(response);
    if (this.#responses.length > 0) this.#wake?.();
  }

  #next(): string | null {
    let at = 0;
    for (;;) {
      const end = this.#octets.indexOf("\r\n", at);
      if (end < 0) return null;
      const size = this.#literals ? /\{(\d+)\}$/.exec(this.#octets.slice(at, end))?.[1] : undefined;
      if (size === undefined) {
        const response = this.#octets.slice(0, end);
        this.#octets = this.#octets.slice(end + 2);
        return response;
      }
      at = end + 2 + Number(size);
      if (this.#octets.length < at) return null;
    }
  }
}
