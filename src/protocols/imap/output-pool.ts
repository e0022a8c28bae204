import type { ByteSocket } from "../byte-socket.ts";
import { type ByteSink, ResponseBuffer } from "./wire/print/response-buffer.ts";

/**
 * Response buffers, lent to sessions while they answer: a session that is idle holds none. A borrower that awaits
 * keeps its buffer; what it wrote goes out when it is flushed.
 */
export class OutputPool {
  readonly #free: Output[] = [];

  borrow(socket: ByteSocket): Output {
    const output = this.#free.pop() ?? new Output();
    output.sink.socket = socket;
    return output;
  }

  /** Sends what is in it and takes it back. */
  giveBack(output: Output): void {
    output.flush();
    output.sink.socket = null;
    if (this.#free.length < mostFree) this.#free.push(output);
  }
}

/** A response buffer that can be pointed at one socket after the other. */
export class Output extends ResponseBuffer {
  declare readonly sink: SocketSink;

  constructor() {
    super(new SocketSink());
  }
}

class SocketSink implements ByteSink {
  socket: ByteSocket | null = null;

  write(bytes: Uint8Array, lasting: boolean): void {
    this.socket?.write(bytes, lasting);
  }
}

const mostFree = 32;
