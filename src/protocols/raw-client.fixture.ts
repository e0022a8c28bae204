import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** A client that writes octets as they are told and reads the server's lines. */
export class RawClient {
  #socket: Socket;
  #text = "";
  #ended = false;
  #wake: (() => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawClient(socket);
  }

  static async openTls(port: number): Promise<RawClient> {
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    return new RawClient(socket);
  }

  /** Begins TLS on this connection. */
  async secure(): Promise<void> {
    this.#socket.removeAllListeners();
    const socket = connectTls({ socket: this.#socket, rejectUnauthorized: false });
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    this.#socket = socket;
    this.#listen();
  }

  /** Resolves when the kernel has taken the octets. */
  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  /** The next line without its end; null where the server has closed the connection. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#text.indexOf("\r\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return line;
      }
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next reply, its lines joined by "|" (RFC 5321 §4.2.1). */
  async reply(): Promise<string | null> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === null) return lines.length > 0 ? lines.join("|") : null;
      lines.push(line);
      if (line[3] !== "-") return lines.join("|");
    }
  }

  async command(text: string): Promise<string | null> {
    await this.write(`${text}\r\n`);
    return this.reply();
  }

  /** The next octets, whatever they are, up to and including `end`, as Latin-1. */
  async until(end: string): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf(end);
      if (at >= 0) {
        const text = this.#text.slice(0, at + end.length);
        this.#text = this.#text.slice(at + end.length);
        return text;
      }
      if (this.#ended) throw new Error(`Connection ended before ${JSON.stringify(end)}: ${this.#text}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Goes away so that the server knows of it at once, by RST; FIN alone may mean that it listens still. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #listen(): void {
    this.#socket.on("data", (bytes: Buffer) => {
      this.#text += bytes.toString("latin1");
      this.#notify();
    });
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => {
      this.#ended = true;
      this.#notify();
    });
    this.#socket.on("end", () => {
      this.#ended = true;
      this.#notify();
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
