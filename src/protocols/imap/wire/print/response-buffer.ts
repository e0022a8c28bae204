import type { Flag } from "../../../../domain/account/events.ts";
import type { UidRuns } from "../../../../domain/account/uid-runs.ts";

/** Takes octets towards the socket. */
export interface ByteSink {
  /** `lasting`: the octets stay as they are and may be kept; else they must be sent or copied before returning. */
  write(bytes: Uint8Array, lasting: boolean): void;
}

/** Responses being written, as octets; full chunks go to the sink as they fill up. Every method returns the buffer, to be chained. */
export declare class ResponseBuffer {
  constructor(sink: ByteSink, chunkSize?: number);
  /** Characters below 0x80 only, as they are: keywords of the protocol, `* OK `, tags. */
  ascii(text: string): this;
  number(value: number): this;
  /** As a quoted string where it can be one, else as a literal (UTF-8). */
  string(text: string, utf8?: boolean): this;
  /** astring: an atom where it can be one. */
  astring(text: string, utf8?: boolean): this;
  /** NIL for null. */
  nstring(text: string | null, utf8?: boolean): this;
  /** `{n}` CRLF and the octets, which are not copied when they are many. */
  literal(bytes: Uint8Array): this;
  /** Octets that are IMAP text already. */
  raw(bytes: Uint8Array): this;
  /** Modified UTF-7, or UTF-8 once UTF8=ACCEPT is on; astring. */
  mailbox(path: string, utf8: boolean): this;
  /** `(\Seen $Label1)`. */
  flags(flags: readonly Flag[]): this;
  /** `"01-Jan-2026 10:00:00 +0000"`, of milliseconds since 1970. */
  internalDate(at: number): this;
  /** `1:4,7`. */
  uidSet(runs: UidRuns): this;
  crlf(): this;
  /** Hands what there is to the sink. */
  flush(): void;
}
