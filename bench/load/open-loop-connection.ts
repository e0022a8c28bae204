import type { Socket } from "bun";

type Told = (result: "accepted" | "refused" | "lost", reply: string) => void;

/**
 * An LMTP connection that says MAIL, RCPT and DATA in one packet, as MTAs do where PIPELINING is offered, and the message
 * when it is asked for. One offer at a time.
 *
 * @see RFC 2920 (pipelining), RFC 2033 (LMTP)
 */
export class OpenLoopConnection {
  #socket: Socket<OpenLoopConnection> | null = null;
  #state: "greeting" | "hello" | "idle" | "asked" | "reset" | "sent" | "closed" = "greeting";
  #lines = "";
  #replies: string[] = [];
  #told: Told | null = null;
  #message: (() => Uint8Array) | null = null;
  #unsent: Uint8Array | null = null;
  readonly #ready: () => void;
  readonly #gone: () => void;

  constructor(port: number, ready: () => void, gone: () => void) {
    this.#ready = ready;
    this.#gone = gone;
    Bun.connect<OpenLoopConnection>({ hostname: "127.0.0.1", port, data: this, socket: handlers }).then(
      (socket) => {
        this.#socket = socket;
      },
      () => this.ended(),
    );
  }

  get open(): boolean {
    return this.#state === "idle";
  }

  offer(to: string, message: () => Uint8Array, told: Told): void {
    this.#told = told;
    this.#message = message;
    this.#replies = [];
    this.#state = "asked";
    this.#send(Buffer.from(`MAIL FROM:<mta@example.org>\r\nRCPT TO:<${to}>\r\nDATA\r\n`));
  }

  close(): void {
    this.#socket?.end();
  }

  heard(bytes: Buffer): void {
    this.#lines += bytes.toString("latin1");
    for (;;) {
      const end = this.#lines.indexOf("\r\n");
      if (end < 0) return;
      const line = this.#lines.slice(0, end);
      this.#lines = this.#lines.slice(end + 2);
      // The last line of a reply has a space behind its code.
      if (line[3] !== "-") this.#reply(line);
    }
  }

  #reply(line: string): void {
    switch (this.#state) {
      case "greeting":
        if (!line.startsWith("220")) return this.close();
        this.#state = "hello";
        return this.#send(Buffer.from("LHLO bench.example.org\r\n"));
      case "hello":
        this.#state = "idle";
        return this.#ready();
      case "asked":
        this.#replies.push(line);
        if (line.startsWith("354")) {
          this.#state = "sent";
          return this.#send(Buffer.concat([this.#message!(), Buffer.from(".\r\n")]));
        }
        if (this.#replies.length < 3) return;
        // Where RCPT was refused MAIL was not: the transaction has to be ended.
        if (this.#replies[0]!.startsWith("2")) {
          this.#state = "reset";
          return this.#send(Buffer.from("RSET\r\n"));
        }
        return this.#tell("refused", this.#replies[0]!);
      case "reset":
        return this.#tell("refused", this.#replies.find((reply) => !reply.startsWith("2"))!);
      case "sent":
        return this.#tell(line.startsWith("250") ? "accepted" : "refused", line);
    }
  }

  #tell(result: "accepted" | "refused" | "lost", reply: string): void {
    const told = this.#told;
    this.#told = null;
    this.#message = null;
    if (this.#state !== "closed") this.#state = "idle";
    told?.(result, reply);
  }

  #send(bytes: Uint8Array): void {
    this.#unsent = this.#unsent === null ? bytes : Buffer.concat([this.#unsent, bytes]);
    this.flush();
  }

  flush(): void {
    if (this.#unsent === null || this.#socket === null) return;
    const sent = this.#socket.write(this.#unsent);
    this.#unsent = sent >= this.#unsent.length ? null : this.#unsent.subarray(Math.max(0, sent));
  }

  ended(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#tell("lost", this.#replies.at(-1) ?? "");
    this.#gone();
  }
}

const handlers = {
  open(socket: Socket<OpenLoopConnection>) {
    socket.setNoDelay(true);
  },
  data: (socket: Socket<OpenLoopConnection>, bytes: Buffer) => socket.data.heard(bytes),
  drain: (socket: Socket<OpenLoopConnection>) => socket.data.flush(),
  close: (socket: Socket<OpenLoopConnection>) => socket.data.ended(),
  error: (socket: Socket<OpenLoopConnection>) => socket.data.ended(),
};
