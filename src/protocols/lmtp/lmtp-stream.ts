import { SMTPStream } from "smtp-server/lib/smtp-stream.js";
import { DotDecoder } from "./wire/dot-decoder.ts";

/** Where the octets of a message go as they arrive. */
export interface DataSink {
  write(bytes: Uint8Array): void;
  /** Asked after each packet: a promise makes the client wait for it. */
  settle(): Promise<void> | null;
}

/**
 * smtp-server's line reader, with a data mode of our own: the library's treats a bare LF as the end of a line in some
 * places, passes every message through a pipe of streams, and restarts its scan at every doubled dot.
 */
export class LmtpStream extends SMTPStream {
  #decoder: DotDecoder | null = null;
  #sink: DataSink | null = null;
  #ended: ((resume: () => void) => void) | null = null;

  /** From here on the client sends a message. `ended` is called behind its end; commands are read after `resume`. */
  readMessage(sink: DataSink, ended: (resume: () => void) => void): void {
    this._dataMode = true;
    this.#decoder = new DotDecoder();
    this.#sink = sink;
    this.#ended = ended;
  }

  /** Nothing: what the client has left unfinished is no command (RFC 5321 §2.3.8), and not to be carried out. */
  override _flushData(): void {}

  override _write(chunk: Buffer, encoding: BufferEncoding | "buffer", next: (error?: Error | null) => void): void {
    const decoder = this.#decoder;
    if (decoder === null || this.isClosed || chunk.length === 0) {
      super._write(chunk, encoding, next);
      return;
    }
    const sink = this.#sink!;
    const end = decoder.decode(chunk, sink.write);
    if (end < 0) {
      const pressure = sink.settle();
      if (pressure === null) next();
      else pressure.then(() => next(), next);
      return;
    }
    const ended = this.#ended!;
    this.#decoder = null;
    this.#sink = null;
    this.#ended = null;
    this._dataMode = false;
    ended(() => super._write(chunk.subarray(end), "buffer", next));
  }
}
