import { createConnection, type Socket } from "node:net";
import { badAddress } from "./scene.ts";

/**
 * A connection from the bad client's own address; it never fails: what the server ends is closed, and that is all.
 *
 * @param heard called with everything that comes; without it nothing is read
 */
export function badSocket(port: number, heard?: (text: string) => void): Socket {
  const socket = createConnection({ host: "127.0.0.1", port, localAddress: badAddress });
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  if (heard) socket.on("data", (bytes: Buffer) => heard(bytes.toString("latin1")));
  else socket.pause();
  return socket;
}

/** Resolves when the connection is closed, whoever closed it. */
export function closed(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));
}

/** Commands one after the other, each when the tagged line of the one before has come; ends where the server ends it. */
export class BadImapClient {
  readonly socket: Socket;
  #text = "";
  #tag = 0;
  #heard: () => void = () => {};

  constructor(port: number) {
    this.socket = badSocket(port, (text) => {
      this.#text = (this.#text + text).slice(-4096);
      this.#heard();
    });
    this.socket.on("close", () => this.#heard());
  }

  /** The tagged line; null where the connection has ended. */
  async command(line: string): Promise<string | null> {
    const tag = `b${++this.#tag}`;
    const tagged = new RegExp(`(?:^|\n)(${tag} [^\r]*)\r\n`);
    this.#text = "";
    if (this.socket.destroyed || !this.socket.writable) return null;
    this.socket.write(`${tag} ${line}\r\n`);
    for (;;) {
      const found = tagged.exec(this.#text);
      if (found) return found[1]!;
      if (this.socket.destroyed) return null;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}
