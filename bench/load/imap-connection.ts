import type { Socket } from "bun";

/** What came back for one command. `ms`: from its last byte given to the socket until its tagged line was there. */
export type Answer = { readonly ms: number; readonly bytes: number; text(): string };

/**
 * An IMAP client that does nothing but move bytes and look for the tagged line at the end of what came, so that its own
 * share of a measured time is small and the same for every server. One command at a time.
 */
export class ImapConnection {
  readonly #socket: Socket<ImapConnection>;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #until: { marker: Buffer; hit: () => void; miss: (why: Error) => void } | null = null;
  #unsent: Uint8Array = new Uint8Array(0);
  #tag = 0;
  #closed = false;
  /** Hears everything that comes while no command waits. */
  onUnasked: ((bytes: Uint8Array) => void) | null = null;

  private constructor(socket: Socket<ImapConnection>) {
    this.#socket = socket;
  }

  static async open(port: number, options: { tls?: boolean } = {}): Promise<ImapConnection> {
    let made: ImapConnection | null = null;
    const early: Uint8Array[] = [];
    const socket = await Bun.connect<ImapConnection>({
      hostname: "127.0.0.1",
      port,
      ...(options.tls ? { tls: { rejectUnauthorized: false } } : {}),
      socket: {
        data: (_, bytes) => (made ? made.heard(bytes) : void early.push(bytes.slice())),
        drain: () => made?.flush(),
        close: () => made?.ended(),
        error: () => made?.ended(),
      },
    });
    made = new ImapConnection(socket);
    const greeting = made.#wait("\r\n");
    for (const bytes of early) made.heard(bytes);
    await greeting;
    return made;
  }

  async login(user: { login: string; password: string }): Promise<this> {
    await this.command(`LOGIN "${user.login}" "${user.password}"`);
    return this;
  }

  /** The complete answer; throws where it is not OK. */
  async command(line: string): Promise<Answer> {
    const tag = `x${++this.#tag}`;
    const begun = performance.now();
    const waiting = this.#wait(`${tag} `);
    this.#send(Buffer.from(`${tag} ${line}\r\n`));
    const answer = await waiting;
    const ms = performance.now() - begun;
    const text = answer.text();
    const last = text.slice(text.lastIndexOf("\n", text.length - 2) + 1);
    if (!last.startsWith(`${tag} OK`)) throw new Error(`${line.slice(0, 80)}: ${last}`);
    return { ...answer, ms };
  }

  /** Sends bytes as they are and waits for a line that begins so. */
  async exchange(bytes: Uint8Array, lineBegins: string): Promise<Answer> {
    const begun = performance.now();
    const waiting = this.#wait(lineBegins);
    this.#send(bytes);
    return { ...(await waiting), ms: performance.now() - begun };
  }

  close(): void {
    this.onUnasked = null;
    this.#closed = true;
    this.#socket.end();
  }

  #wait(lineBegins: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error("the server closed the connection"));
      const hit = () => {
        const chunks = this.#chunks;
        const bytes = this.#bytes;
        this.#chunks = [];
        this.#bytes = 0;
        resolve({ ms: 0, bytes, text: () => Buffer.concat(chunks).toString("latin1") });
      };
      this.#until = { marker: Buffer.from(lineBegins), hit, miss: reject };
    });
  }

  private heard(bytes: Uint8Array): void {
    if (this.#until === null) {
      this.onUnasked?.(bytes);
      return;
    }
    this.#chunks.push(bytes.slice());
    this.#bytes += bytes.length;
    if (bytes[bytes.length - 1] !== 10 || !this.#lastLineBegins(this.#until.marker)) return;
    const { hit } = this.#until;
    this.#until = null;
    hit();
  }

  #lastLineBegins(marker: Buffer): boolean {
    if (marker.length === 2) return true; // CR LF: any line
    let tail = Buffer.from(this.#chunks[this.#chunks.length - 1]!.slice(-4096));
    for (let at = this.#chunks.length - 2; at >= 0 && tail.length < 1024; at--)
      tail = Buffer.concat([this.#chunks[at]!.slice(-4096), tail]);
    const lineStart = tail.lastIndexOf(10, tail.length - 2) + 1;
    return tail.subarray(lineStart, lineStart + marker.length).equals(marker);
  }

  #send(bytes: Uint8Array): void {
    this.#unsent = this.#unsent.length === 0 ? bytes : Buffer.concat([this.#unsent, bytes]);
    this.flush();
  }

  private flush(): void {
    while (this.#unsent.length > 0) {
      const sent = this.#socket.write(this.#unsent);
      if (sent <= 0) return;
      this.#unsent = this.#unsent.subarray(sent);
    }
  }

  private ended(): void {
    this.#closed = true;
    this.#until?.miss(new Error("the server closed the connection"));
    this.#until = null;
  }
}
