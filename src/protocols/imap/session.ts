import type {
  AccountRequestKind,
  AccountRequests,
  AnswerTo,
  ChangeCommand,
  Outcome,
  Refused,
} from "../../actors/account/requests.ts";
import type { RequestId } from "../../domain/ids.ts";
import type { Logger } from "../../operation/logger.ts";
import type { ByteSocket, Conversation } from "../byte-socket.ts";
import { passwordsAllowed } from "../plaintext.ts";
import { AccountWatch } from "./account-watch.ts";
import { Arrival } from "./arrival.ts";
import { capabilityList } from "./capabilities.ts";
import { answer, answerFailure } from "./dispatch.ts";
import type { IdlePush } from "./idle-push.ts";
import type { ImapServer } from "./imap-server.ts";
import type { Output } from "./output-pool.ts";
import { granted } from "./refused-read.ts";
import type { SignedIn } from "./sign-in.ts";
import type { View } from "./view.ts";
import { CommandReader } from "./wire/command-reader.ts";
import type { WireContext } from "./wire/cursor.ts";
import type { AnnouncedLiteral, CommandReceiver, RawCommand, ReadFailure } from "./wire/types.ts";

/**
 * One IMAP conversation. Thousands of them idle at once, so: no timer, no buffer and no pending promise of its own
 * while the client says nothing; what a command needs it borrows and gives back.
 *
 * One command runs at a time; the reader holds still until it is answered. What others do to the mailbox is folded
 * into the view as it is announced and told when the protocol allows.
 */
export class Session implements Conversation, CommandReceiver {
  readonly server: ImapServer;
  readonly socket: ByteSocket;
  readonly reader: CommandReader;
  /** null: not authenticated. */
  user: SignedIn | null = null;
  /** null: no mailbox is selected. */
  view: View | null = null;
  utf8 = false;
  condstore = false;
  qresync = false;
  /** The message of an APPEND on its way. */
  arrival: Arrival | null = null;
  /** IDLE is on. */
  idle: IdlePush | null = null;
  /** The output of the command that runs; null between commands. */
  out: Output = null as never;
  running = false;
  /** The change that this session has asked for and not been answered. */
  own: RequestId | null = null;
  /** What the client calls itself (RFC 2971), until there is a record to write it to. */
  client: string | null = null;
  /** What is to happen once the tagged line of this command is out. */
  afterwards: "startTls" | "end" | null = null;

  /** The session's id in the log until there is a record of it. */
  #name: string | null = null;
  #watch: AccountWatch | null = null;
  #line: ((line: Uint8Array | null) => void) | null = null;
  #faults = 0;
  #securing = false;
  /** Said with BYE at the next command boundary. */
  #leaving: string | null = null;
  #heard: number;

  constructor(server: ImapServer, socket: ByteSocket) {
    this.server = server;
    this.socket = socket;
    this.reader = new CommandReader(this, server.before);
    this.#heard = server.services.clock.now();
    socket.deadline = this.#heard + loginMs;
    socket.write(`* OK [CAPABILITY ${this.capabilities}] ${server.services.hostname} Eider is ready\r\n`);
  }

  get alive(): boolean {
    return !this.socket.ended;
  }

  get passwordsAllowed(): boolean {
    return passwordsAllowed(this.socket, this.server.options.allowPlaintext);
  }

  get capabilities(): string {
    return capabilityList({
      authenticated: this.user !== null,
      secure: this.socket.secure,
      passwordsAllowed: this.passwordsAllowed,
      messageSize: this.server.options.messageSize,
    });
  }

  /** How text is read and written, as agreed by ENABLE. */
  get wire(): WireContext {
    return this;
  }

  /** A logger that says whose session this is. Made when needed: most sessions log nothing. */
  log(): Logger {
    const { services } = this.server;
    if (this.user === null) this.#name ??= `conn_${services.randomHex(8)}`;
    return services.logger.child({
      session: this.user?.record.id ?? this.#name,
      user: this.user?.name,
      protocol: "imap",
      remote: this.socket.remote,
    });
  }

  // Asking the account

  ask<K extends AccountRequestKind>(request: { kind: K } & AccountRequests[K]["ask"]): Promise<AnswerTo<K>> {
    return this.server.services.accounts.ask(this.user!.account, request);
  }

  /** Changes the account; the view knows the change for this session's own. */
  async change(command: ChangeCommand): Promise<Outcome> {
    const request = this.server.services.randomHex(12) as RequestId;
    this.own = request;
    try {
      return await this.ask({ kind: "change", request, command });
    } finally {
      this.own = null;
    }
  }

  /** The same, for a command that cannot go on without the answer. */
  async read<K extends ReadKind>(request: { kind: K } & AccountRequests[K]["ask"]): Promise<Granted<K>> {
    return granted((await this.ask(request)) as Granted<K> | Refused);
  }

  // Telling the client

  /** Takes an output to write to; `returnOutput` sends what is in it. */
  borrowOutput(): void {
    this.out = this.server.outputs.borrow(this.socket);
  }

  returnOutput(): void {
    const { out } = this;
    if (out === null) return;
    this.out = null as never;
    this.server.outputs.giveBack(out);
  }

  /** Sends what is in the output and, where the client reads slowly, waits for it. False: it is gone. */
  async room(): Promise<boolean> {
    this.out.flush();
    if (this.socket.congested) await this.socket.drain();
    return this.alive;
  }

  /** The client's next line as it is; null where it goes away first. */
  nextLine(): Promise<Uint8Array | null> {
    return new Promise((resolve) => {
      this.#line = resolve;
      this.reader.nextLine();
    });
  }

  /** Ends the conversation with a reason, whatever is going on. */
  bye(reason: string): void {
    if (!this.alive) return;
    if (this.out !== null) this.out.flush();
    this.socket.write(`* BYE ${reason}\r\n`);
    this.socket.end();
  }

  /** Ends it at the next command boundary: at once where nothing is going on. */
  dismiss(reason: string): void {
    if (this.running && this.idle === null) this.#leaving = reason;
    else this.bye(reason);
  }

  /** Counts a command that made no sense; too many of them end the session. */
  badCommand(): void {
    this.#faults++;
  }

  /** Guessing passwords wears patience down faster, also where nobody looked at the guess. */
  badLogin(): void {
    this.#faults += loginFault;
  }

  // States

  /** False where the client has gone meanwhile. */
  signedIn(user: SignedIn): boolean {
    if (!this.alive) return false;
    this.user = user;
    this.socket.onSignedIn?.(this.socket);
    this.#heard = this.server.services.clock.now();
    this.reader.limits = this.server.after;
    if (this.client !== null) user.record.update({ client: this.client });
    return true;
  }

  /** Begins to hear of changes of the account; `select` follows with what the mailbox was at some point after. */
  watch(): void {
    this.#watch = new AccountWatch(this, this.user!.account);
  }

  select(view: View): void {
    this.view = view;
    this.#watch?.begin(view);
    this.user!.record.update({ mailbox: view.path });
  }

  /**
   * From now on the client is told mod-sequences. Where a mailbox is selected it hears up to which one it knows all there
   * is: not what the mailbox is at, where news has yet to be told.
   *
   * @see RFC 7162 §3.1 (CONDSTORE enabling commands)
   */
  enableCondstore(): void {
    if (this.condstore) return;
    this.condstore = true;
    const { view } = this;
    if (view === null || view.gone) return;
    const modSeq = Math.min(view.highestModSeq, view.told);
    this.out.ascii("* OK [HIGHESTMODSEQ ").number(modSeq).ascii("] Highest mod-sequence").crlf();
  }

  deselect(): void {
    this.#watch?.end();
    this.#watch = null;
    if (this.view === null) return;
    this.view = null;
    if (!this.alive) return;
    this.user?.record.update({ mailbox: null });
  }

  /** After the tagged OK of STARTTLS: what the client said in clear text counts no more (RFC 3501 §6.2.1). */
  async startTls(): Promise<void> {
    this.#securing = true;
    await this.socket.drain();
    this.reader.discard();
    this.socket.startTls();
  }

  // Conversation

  received(bytes: Uint8Array): void {
    if (this.#securing) return;
    // Before login the minute is counted from the greeting, whatever the client says.
    if (this.user !== null) {
      this.#heard = this.server.services.clock.now();
      this.#setDeadline();
    }
    if (!this.reader.feed(bytes)) this.socket.pause();
  }

  drained(): void {
    this.idle?.push();
  }

  exhausted(): void {
    if (this.#securing) this.socket.end();
    else this.reader.end();
  }

  secured(): void {
    this.#securing = false;
    this.#finished();
  }

  closed(): void {
    // A command that is being carried out keeps its view until it ends.
    const busy = this.running && this.idle === null && this.arrival === null;
    this.arrival?.abandon();
    this.arrival = null;
    this.idle = null;
    this.#line?.(null);
    this.#line = null;
    if (!busy) this.deselect();
    this.user?.record.close();
  }

  expired(): void {
    const now = this.server.services.clock.now();
    const silent = now - this.#heard;
    if (this.idle !== null && silent < idleMs) {
      this.idle.tick();
      this.#setDeadline();
    } else if (this.running && this.idle === null && this.arrival === null && this.#line === null) {
      // A long command keeps the client waiting, not the other way round.
      this.socket.deadline = now + loginMs;
    } else this.bye("Autologout: idle for too long");
  }

  leave(): void {
    this.dismiss("Server is going down, please reconnect");
  }

  // CommandReceiver

  command(command: RawCommand): void {
    this.running = true;
    void this.#carryOut(answer(this, command));
  }

  line(bytes: Uint8Array): void {
    if (this.idle !== null) {
      void this.#carryOut(this.idle.finish(bytes));
      return;
    }
    const resolve = this.#line;
    this.#line = null;
    resolve?.(bytes);
  }

  failed(failure: ReadFailure): void {
    this.running = true;
    answerFailure(this, failure);
    if (failure.fatal) this.bye("Cannot follow what you send");
    this.#finished();
  }

  literal(announced: AnnouncedLiteral): void {
    this.running = true;
    const before = this.arrival;
    this.arrival = new Arrival(this);
    void this.#carryOn(before === null ? this.arrival.begin(announced) : this.arrival.second(before));
  }

  proceed(): void {
    this.socket.write("+ OK\r\n");
  }

  hungry(): void {
    this.socket.resume();
  }

  starved(): void {
    this.socket.end();
  }

  async #carryOn(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.log().error({ err: error }, "session failed");
      this.socket.destroy();
    }
  }

  async #carryOut(work: Promise<void>): Promise<void> {
    try {
      await work;
      this.#finished();
    } catch (error) {
      // Not even an answer could be given: the conversation cannot go on in step.
      this.log().error({ err: error }, "session failed");
      this.running = false;
      this.socket.destroy();
      if (this.socket.closed) this.deselect();
    }
  }

  /** A command has been answered: on to the next, or goodbye. */
  #finished(): void {
    if (this.#securing) return;
    if (this.socket.closed) {
      this.running = false;
      this.deselect();
      return;
    }
    // Who does not read the answers is not asked for more.
    if (this.socket.congested) {
      void this.socket.drain().then(() => this.#finished());
      return;
    }
    const { idle } = this;
    if (idle !== null) {
      this.#setDeadline();
      this.reader.nextLine();
      // The line may be there already (IDLE and DONE in one packet), or the client gone: either has ended it.
      if (this.idle !== idle) return;
      idle.push();
      if (this.#leaving !== null) this.bye(this.#leaving);
      return;
    }
    this.running = false;
    if (this.#faults >= mostFaults) this.bye("Too many bad commands");
    else if (this.#leaving !== null) this.bye(this.#leaving);
    if (!this.alive) return;
    this.#setDeadline();
    this.reader.next();
  }

  #setDeadline(): void {
    const { clock } = this.server.services;
    if (this.idle !== null) this.socket.deadline = Math.min(clock.now() + idleTickMs, this.#heard + idleMs);
    else this.socket.deadline = this.#heard + (this.user === null ? loginMs : autologoutMs);
  }
}

type ReadKind = Exclude<AccountRequestKind, "change" | "uploadBegin" | "uploadWrite" | "uploadAbort">;
type Granted<K extends ReadKind> = Exclude<AnswerTo<K>, Refused>;

const loginMs = 60_000;
/** RFC 3501 §5.4: at least 30 minutes. */
const autologoutMs = 30 * 60_000;
/** RFC 2177: clients repeat IDLE every 29 minutes. */
const idleMs = 31 * 60_000;
const idleTickMs = 4 * 60_000;
const mostFaults = 50;
const loginFault = 10;
