import type { ByteSocket, Conversation } from "../byte-socket.ts";
import { passwordsAllowed } from "../plaintext.ts";
import type { ListenerOptions, Services } from "../services.ts";
import { commands } from "./commands/index.ts";
import { err, type Reply } from "./reply.ts";
import { sendReply } from "./send-reply.ts";
import type { SignedIn } from "./signed-in.ts";
import { readCommandLine } from "./wire/command-line.ts";
import { LineBuffer } from "./wire/line-buffer.ts";
import { WireSyntaxError } from "./wire/wire-syntax-error.ts";

const loginMs = 60_000;
/** RFC 1939 §3: an autologout timer must be of at least ten minutes. */
const idleMs = 600_000;
/** RFC 2449 §4 asks for 255; SASL responses and passwords may be longer. */
const longestLine = 4096;
const mostErrors = 50;
const mostBadLogins = 5;
/** Pipelined octets that wait in memory; more wait in the client. */
const mostWaiting = 64 * 1024;

/**
 * One POP3 conversation. Commands run one at a time, in order, however many were sent at once; a command that fails
 * changes nothing; only QUIT changes the maildrop (RFC 1939 §6).
 */
export class Session implements Conversation {
  readonly services: Services;
  readonly options: ListenerOptions;
  /** TRANSACTION where it is there, AUTHORIZATION where not. */
  user: SignedIn | null = null;
  /** By USER, for PASS. */
  named: string | null = null;
  readonly #socket: ByteSocket;
  readonly #input: LineBuffer;
  #id: string;
  #running = false;
  #paused = false;
  #errors = 0;
  #badLogins = 0;
  #farewell: string | null = null;
  #after: "read" | "upgrade" | "end" = "read";
  #challenged: ((line: string | null) => void) | null = null;

  constructor(services: Services, options: ListenerOptions, socket: ByteSocket) {
    this.services = services;
    this.options = options;
    this.#socket = socket;
    this.#input = new LineBuffer(Math.min(longestLine, options.lineLength));
    this.#id = services.randomHex(6);
    socket.deadline = services.clock.now() + loginMs;
    socket.write("+OK Eider POP3 server ready\r\n");
  }

  get secure(): boolean {
    return this.#socket.secure;
  }

  get remote(): string {
    return this.#socket.remote;
  }

  /** Why a password must not be sent now; null where it may. */
  refusePasswords(): Reply | null {
    if (passwordsAllowed(this, this.options.allowPlaintext)) return null;
    return err("Passwords are not accepted in clear text, use STLS first");
  }

  /** Begins TRANSACTION; false where the client has left meanwhile. */
  enter(user: SignedIn): boolean {
    if (this.#socket.closed) return false;
    this.user = user;
    this.#socket.onSignedIn?.(this.#socket);
    this.#id = user.handle.id;
    this.log("info", {}, "login");
    return true;
  }

  /** Sends a SASL challenge and waits for the answer; null where the client leaves instead. */
  challenge(base64: string): Promise<string | null> {
    this.#socket.write(`+ ${base64}\r\n`);
    return new Promise((resolve) => {
      this.#challenged = resolve;
      this.#pump();
    });
  }

  /** A password was wrong or was not looked at; a few of them end the connection. */
  badLogin(): void {
    this.#badLogins++;
  }

  endAfterReply(): void {
    this.#after = "end";
  }

  upgradeAfterReply(): void {
    this.#after = "upgrade";
  }

  /** Says `-ERR` and `text` at the next command boundary, and ends. Nothing that is marked is removed. */
  dismiss(text: string): void {
    this.#farewell ??= `-ERR ${text}\r\n`;
    if (!this.#running || this.#challenged !== null) this.#leave();
  }

  log(level: "debug" | "info" | "warn" | "error", fields: object, text: string): void {
    const user = this.user?.name;
    this.services.logger[level]({ session: this.#id, protocol: "pop3", user, remote: this.remote, ...fields }, text);
  }

  received(bytes: Uint8Array): void {
    // In clear text, after STLS: not to be believed.
    if (this.#after === "upgrade") return;
    this.#input.add(bytes);
    if (!this.#running || this.#challenged !== null) this.#pump();
    if (!this.#paused && this.#running && this.#input.size > mostWaiting) {
      this.#paused = true;
      this.#socket.pause();
    }
  }

  exhausted(): void {
    if (!this.#running || this.#challenged !== null) this.#pump();
  }

  drained(): void {}

  secured(): void {
    this.#after = "read";
    this.named = null;
  }

  closed(): void {
    this.#challenged?.(null);
    this.#challenged = null;
    if (this.user === null) return;
    this.user.leave();
    this.log("info", {}, "logout");
  }

  expired(): void {
    if (this.#running && this.#challenged === null) this.#socket.deadline = this.services.clock.now() + idleMs;
    // RFC 1939 §3: "close the TCP connection without removing any messages or sending any response".
    else this.#socket.destroy();
  }

  leave(): void {
    this.dismiss("[SYS/TEMP] Server is shutting down");
  }

  #leave(): void {
    if (this.#farewell !== null) this.#socket.write(this.#farewell);
    this.#socket.end();
  }

  /** Takes the next line, if a command may run or waits for it. */
  #pump(): void {
    if (this.#socket.ended) return;
    const line = this.#input.next();
    if (this.#paused && this.#input.size <= mostWaiting) {
      this.#paused = false;
      this.#socket.resume();
    }
    if (line === null) {
      if (this.#socket.exhausted) this.#socket.end();
      return;
    }
    this.#socket.deadline = this.services.clock.now() + (this.user === null ? loginMs : idleMs);
    if (this.#challenged !== null) {
      const resolve = this.#challenged;
      this.#challenged = null;
      resolve(line === "too long" ? "*" : line.toString("latin1"));
      return;
    }
    this.#running = true;
    this.#run(line).then(
      () => this.#next(),
      (error: unknown) => {
        if (!this.#socket.closed) this.log("error", { err: error }, "session failed");
        this.#socket.destroy();
      },
    );
  }

  #next(): void {
    this.#running = false;
    if (this.#farewell !== null || this.#after === "end" || this.#impatient()) this.#leave();
    else if (this.#after === "upgrade") this.#upgrade();
    else this.#pump();
  }

  #impatient(): boolean {
    return this.#errors >= mostErrors || this.#badLogins >= mostBadLogins;
  }

  #upgrade(): void {
    this.#input.clear();
    this.#socket.drain().then(() => this.#socket.startTls());
  }

  async #run(line: Buffer | "too long"): Promise<void> {
    const { clock, metrics } = this.services;
    const begun = clock.monotonic();
    const { name, reply } = await this.#answer(line);
    if (reply.status === "-ERR") this.#errors++;
    const sent = sendReply(this.#socket, reply);
    if (sent !== null) await sent;
    const result = reply.status === "+OK" ? "ok" : resultOf[reply.fault ?? "nobody"];
    metrics.command("pop3", name, result, (clock.monotonic() - begun) / 1000);
  }

  async #answer(line: Buffer | "too long"): Promise<{ name: string; reply: Reply }> {
    let name = "UNKNOWN";
    try {
      if (line === "too long") throw new WireSyntaxError("Line is too long");
      const { keyword, rest } = readCommandLine(line);
      const command = commands.get(keyword);
      if (command === undefined) throw new WireSyntaxError("Unknown command");
      name = command.name;
      const state = this.user === null ? "authorization" : "transaction";
      if (!command.states.includes(state)) {
        return { name, reply: err(state === "authorization" ? "Log in first" : "Not after login") };
      }
      return { name, reply: await command.run({ args: command.args(rest) }, this) };
    } catch (error) {
      if (error instanceof WireSyntaxError) {
        return { name, reply: { status: "-ERR", text: error.message, fault: "client" } };
      }
      this.log("error", { command: name, err: error }, "command failed");
      return { name, reply: { ...err("Internal error, try again later", "SYS/TEMP"), fault: "server" } };
    }
  }
}

const resultOf = { client: "bad", server: "error", nobody: "no" } as const;
