import type { CommandReceiver, LiteralSink, ReaderLimits } from "./types.ts";

/** Cuts a connection's octets into commands. */
export declare class CommandReader {
  constructor(receiver: CommandReceiver, limits: ReaderLimits);
  /** Other limits from the next command on (after login). */
  limits: ReaderLimits;
  /** Takes octets (kept, not copied). False: it has more than it can use now; pause the socket until `hungry`. */
  feed(chunk: Uint8Array): boolean;
  /** Whether it has used up all it was fed. */
  get hungry(): boolean;
  /** On to the next command. */
  next(): void;
  /** The next line goes raw to `receiver.line`: IDLE's DONE, AUTHENTICATE's answers. */
  nextLine(): void;
  /** The announced literal goes to the sink, then the command is read on. */
  accept(sink: LiteralSink): void;
  /** The announced literal is not wanted: `failed` with "refused" follows, once the stream is past the command. */
  refuse(): void;
  /** Holds still while a sink is being filled, until `resume`. */
  hold(): void;
  resume(): void;
  /** Forgets what it was fed but has not used: STARTTLS (RFC 3501 §6.2.1). */
  discard(): void;
}
