import { literalAnnouncedAt, textEnd } from "./announced-literal.ts";
import { LF } from "./characters.ts";
import { type CommandOpening, readOpening } from "./command-opening.ts";
import { PartialCommand } from "./partial-command.ts";
import { joined, SkippedCommand, type Skipping } from "./skipped-command.ts";
import type { CommandReceiver, LiteralFacts, LiteralSink, ReaderLimits, ReadFailure } from "./types.ts";

/**
 * What the reader does with the next octet. "held": nothing, until the session says so; "asked": likewise, about a
 * literal; "closed": nothing any more.
 */
type Phase = "line" | "raw" | "literal" | "stream" | "skipLine" | "skipLiteral" | "asked" | "held" | "closed";

/** How many times `lineLength` may be skipped in search of the end of a line before the reader gives up. */
const patience = 16;
/**
 * What ID may have where other commands have less, in its lines and in its literals: 30 pairs of a field of 30 octets
 * and a value of 1,024, which clients send before they log in (RFC 2971 §3.3).
 */
const idOctets = 32 * 1024;
/** A command whose tag and name are within so many octets can be told apart before its line has ended. */
const openingOctets = 256;
const nothing = new Uint8Array(0);

/**
 * Cuts a connection's octets into commands (RFC 3501 §2.2.1, §9; RFC 7888).
 *
 * - Between commands it holds no buffer. Of half a command it holds what `ReaderLimits` allow, never more.
 * - It reads one command at a time: after handing one over it keeps further octets until `next`.
 * - A command that is too long or wrong is skipped to its end, its non-synchronising literals included, so that the
 *   next one is read as it was sent. A bare LF ends a line as CRLF does, as in Dovecot.
 * - Calls to `CommandReceiver` may call back at once: `next` from within `command` does not nest.
 */
export class CommandReader {
  readonly #receiver: CommandReceiver;
  #phase: Phase = "line";
  #partial: PartialCommand | null = null;
  #skipped: SkippedCommand | null = null;
  #rest: Uint8Array = nothing;
  #at = 0;
  #running = false;
  #holding = false;
  #full = false;
  #ended = false;

  constructor(
    receiver: CommandReceiver,
    /** May be replaced at any time (after login); counts from the next octet on. */
    public limits: ReaderLimits,
  ) {
    this.#receiver = receiver;
  }

  /** Takes octets; they are kept, not copied. False: it cannot use them now, pause the socket until `hungry`. */
  feed(chunk: Uint8Array): boolean {
    if (this.#phase === "closed") return false;
    this.#rest = this.hungry ? chunk : joined(this.#rest.subarray(this.#at), chunk);
    this.#at = 0;
    this.#run();
    this.#full = !this.hungry;
    return !this.#full;
  }

  /** Whether all it was fed has been used. */
  get hungry(): boolean {
    return this.#at >= this.#rest.length;
  }

  /** Nothing more will be fed: `receiver.starved` is called when that is what it would need. */
  end(): void {
    this.#ended = true;
    this.#run();
  }

  /** On to the next command. */
  next(): void {
    if (this.#phase === "held") this.#go("line");
  }

  /** The next line goes to `receiver.line` as it is: IDLE's DONE, AUTHENTICATE's answers. */
  nextLine(): void {
    if (this.#phase === "held") this.#go("raw");
  }

  /** The announced literal goes to `sink`; the rest of the command is then read on. */
  accept(sink: LiteralSink): void {
    if (this.#phase !== "asked") return;
    this.#partial!.sink = sink;
    this.#go("stream");
  }

  /** The announced literal is not wanted: `failed` with "refused" follows once the stream is past the command. */
  refuse(): void {
    if (this.#phase !== "asked") return;
    this.#reject("refused", this.#partial!.literals.at(-1)!);
    this.#run();
  }

  /** Stops writing to the sink of a literal (it is full) until `resume`. */
  hold(): void {
    this.#holding = true;
  }

  resume(): void {
    this.#holding = false;
    this.#run();
  }

  /** Forgets what it was fed and has not used: after STARTTLS nothing said before counts (RFC 3501 §6.2.1). */
  discard(): void {
    this.#rest = nothing;
    this.#at = 0;
  }

  #go(phase: Phase): void {
    this.#phase = phase;
    this.#run();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#step()) {}
    } finally {
      this.#running = false;
    }
    if (!this.hungry) return;
    this.discard();
    if (this.#ended) {
      if (!this.#waits) this.#receiver.starved();
      return;
    }
    if (!this.#full) return;
    this.#full = false;
    this.#receiver.hungry();
  }

  /** For the session, not for octets. */
  get #waits(): boolean {
    return this.#holding || this.#phase === "asked" || this.#phase === "held" || this.#phase === "closed";
  }

  /** Uses some octets; false where it can do nothing now. */
  #step(): boolean {
    switch (this.#phase) {
      case "line":
      case "raw":
        return !this.hungry && this.#takeLine();
      case "literal":
      case "stream":
        return !this.#holding && this.#takeLiteral();
      case "skipLine":
        return !this.hungry && this.#skip(this.#skipped!.line(this.#takeToLineEnd()));
      case "skipLiteral":
        return this.#skipLiteral();
      default:
        return false;
    }
  }

  /** Octets up to and with the next LF, or all there are. */
  #takeToLineEnd(): Uint8Array {
    const lf = this.#rest.indexOf(LF, this.#at);
    const end = lf < 0 ? this.#rest.length : lf + 1;
    const taken = this.#rest.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #takeLine(): boolean {
    const taken = this.#takeToLineEnd();
    const ended = taken[taken.length - 1] === LF;
    const lineOctets = (this.#partial?.lineOctets ?? 0) + taken.length;
    // CRLF is not counted.
    if (lineOctets > this.limits.lineLength + 2 && !(lineOctets <= idOctets + 2 && this.#isId(taken)))
      return this.#overflow(taken);
    if (!ended || this.#partial !== null) {
      this.#partial ??= new PartialCommand();
      this.#partial.append(taken);
      this.#partial.lineOctets = lineOctets;
      if (!ended) return false;
    }
    const bytes = this.#partial?.bytes.subarray(0, this.#partial.length) ?? taken;
    const end = textEnd(bytes, this.#partial?.lineAt ?? 0, bytes.length - 1);
    if (this.#phase === "raw") {
      this.#settle();
      this.#receiver.line(bytes.subarray(0, end));
    } else if (end > 0) this.#lineTaken(bytes, end);
    // An empty line is no command: iPhones send one, and clients that end a literal of APPEND with a CRLF too many.
    else this.#partial = null;
    return true;
  }

  /** A line is complete: it ends the command, or announces a literal. */
  #lineTaken(bytes: Uint8Array, end: number): void {
    const announced = literalAnnouncedAt(bytes, this.#partial?.lineAt ?? 0, end);
    const opening = this.#partial?.opening ?? readOpening(bytes, end);
    const { tag, name, uid, argsAt } = opening;
    if (announced === null) {
      const literals = this.#partial?.literals ?? [];
      this.#settle();
      if (tag === null || name === null) this.#receiver.failed({ tag, name, why: "syntax", fatal: false });
      else this.#receiver.command({ tag, name, uid, args: bytes.subarray(argsAt, end), literals });
      return;
    }
    if (this.#partial === null) {
      this.#partial = new PartialCommand();
      this.#partial.append(bytes);
      this.#partial.lineOctets = bytes.length;
    }
    this.#partial.opening = opening;
    if (tag === null || name === null) this.#reject("syntax", announced.facts);
    // The first argument of APPEND is the mailbox, which may be a literal too.
    else if (name === "APPEND" && this.limits.streamAppend && announced.at > argsAt) {
      const literal = { ...announced.facts, streamed: true };
      this.#expect(literal);
      this.#phase = "asked";
      this.#receiver.literal({ tag, name, args: bytes.subarray(argsAt, announced.at), literal });
    } else this.#collect(announced.facts);
  }

  #collect(literal: LiteralFacts): void {
    const partial = this.#partial!;
    const { literals } = this.limits;
    const most = partial.opening?.name === "ID" ? Math.max(literals, idOctets) : literals;
    if (partial.literalOctets + literal.size > most) {
      this.#reject("literalTooBig", literal);
      return;
    }
    partial.literalOctets += literal.size;
    this.#expect(literal);
    this.#phase = "literal";
    if (literal.synchronising) this.#receiver.proceed();
  }

  #expect(literal: LiteralFacts): void {
    const partial = this.#partial!;
    partial.literals.push(literal);
    partial.remaining = literal.size;
  }

  #takeLiteral(): boolean {
    const partial = this.#partial!;
    const taken = this.#takeAtMost(partial.remaining);
    partial.remaining -= taken.length;
    if (taken.length > 0) {
      if (this.#phase === "literal") partial.append(taken);
      else partial.sink!.write(taken);
    }
    if (partial.remaining > 0) return taken.length > 0;
    // Behind the last octet of a stream that was told to hold: its end waits too.
    if (this.#holding) return false;
    const { sink } = partial;
    partial.sink = null;
    partial.lineAt = partial.length;
    this.#phase = "line";
    sink?.end();
    return true;
  }

  #skipLiteral(): boolean {
    const skipped = this.#skipped!;
    skipped.remaining -= this.#takeAtMost(skipped.remaining).length;
    return skipped.remaining === 0 && this.#skip("line");
  }

  #takeAtMost(count: number): Uint8Array {
    const end = Math.min(this.#at + count, this.#rest.length);
    const taken = this.#rest.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** Whether the line that `taken` goes on is that of an ID: its first octets say so. */
  #isId(taken: Uint8Array): boolean {
    if (this.#phase === "raw") return false;
    const partial = this.#partial;
    if (partial?.opening) return partial.opening.name === "ID";
    const before = partial?.bytes.subarray(0, Math.min(partial.length, openingOctets)) ?? nothing;
    const bytes = joined(before, taken.subarray(0, openingOctets - before.length));
    const { name, argsAt } = readOpening(bytes, bytes.length);
    return name === "ID" && argsAt < bytes.length;
  }

  /** The line is longer than allowed: `taken` is what came last of it. */
  #overflow(taken: Uint8Array): boolean {
    const { tag, name } = this.#phase === "raw" ? nameless : this.#openingSoFar(taken);
    const line = this.#partial?.bytes.subarray(this.#partial.lineAt, this.#partial.length);
    this.#skipped = new SkippedCommand({ tag, name, why: "lineTooLong", fatal: false }, this.#patience, line);
    return this.#skip(this.#skipped.line(taken));
  }

  /** How a command begins that is still on its first line. */
  #openingSoFar(taken: Uint8Array): Pick<CommandOpening, "tag" | "name"> {
    const partial = this.#partial;
    if (partial?.opening) return partial.opening;
    const bytes = partial === null ? taken : joined(partial.bytes.subarray(0, partial.length), taken);
    const opening = readOpening(bytes, bytes.length);
    // A tag without an end is none.
    return opening.tag?.length === bytes.length ? nameless : opening;
  }

  /** The command fails because of a literal it announces. */
  #reject(why: ReadFailure["why"], literal: LiteralFacts): void {
    const { tag, name } = this.#partial!.opening!;
    this.#skipped = new SkippedCommand({ tag, name, why, fatal: false }, this.#patience);
    this.#skip(this.#skipped.literal(literal));
  }

  #skip(skipping: Skipping): boolean {
    this.#partial = null;
    if (skipping === "line") this.#phase = "skipLine";
    else if (skipping === "literal") this.#phase = "skipLiteral";
    else this.#fail();
    return true;
  }

  #fail(): void {
    const { failure } = this.#skipped!;
    this.#skipped = null;
    this.#settle();
    if (failure.fatal) {
      this.#phase = "closed";
      this.discard();
    }
    this.#receiver.failed(failure);
  }

  #settle(): void {
    this.#partial = null;
    this.#phase = "held";
  }

  get #patience(): number {
    return patience * this.limits.lineLength;
  }
}

const nameless = { tag: null, name: null };
