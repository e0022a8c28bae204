import { Duplex } from "node:stream";
import { TLSSocket, type TLSSocketOptions } from "node:tls";
import type { Wire } from "./byte-socket.ts";

/**
 * TLS over a connection of which some ciphertext has been read already: a load balancer's PROXY header and the
 * client's first TLS record arrived in one packet. Bun's own upgrade cannot be given octets back, node:tls can.
 * Costs more memory a connection than Bun's, so it stands in only where that is unavoidable.
 */
export class CarriedTls implements Wire {
  readonly #below: Wire;
  readonly #carrier: Duplex;
  readonly #tls: TLSSocket;

  constructor(below: Wire, tls: TLSSocketOptions, events: CarriedEvents) {
    this.#below = below;
    this.#carrier = new Duplex({
      read: () => below.resume(),
      write: (chunk: Buffer, _encoding, done) => this.#carry(chunk, done),
      final: (done) => {
        below.end();
        done();
      },
    });
    this.#tls = new TLSSocket(this.#carrier as never, { isServer: true, allowHalfOpen: true, ...tls } as object);
    this.#tls.on("secure", () => events.secured(this));
    this.#tls.on("data", (bytes: Buffer) => events.data(this, bytes));
    this.#tls.on("drain", () => events.drain(this));
    this.#tls.on("error", () => this.terminate());
    this.#tls.on("end", () => events.exhausted());
  }

  #rest: Buffer | null = null;
  #done: ((error?: Error | null) => void) | null = null;

  /** Ciphertext from the client. */
  feed(bytes: Uint8Array): void {
    if (!this.#carrier.push(Buffer.from(bytes))) this.#below.pause();
  }

  /** The client sends no more. */
  feedEnd(): void {
    this.#carrier.push(null);
  }

  /** The connection below takes more again. */
  flush(): void {
    const rest = this.#rest;
    const done = this.#done;
    if (rest === null || done === null) return;
    this.#rest = null;
    this.#done = null;
    this.#carry(rest, done);
  }

  write(bytes: Uint8Array): number {
    if (this.#tls.destroyed) return -1;
    if (this.#tls.writableNeedDrain) return 0;
    this.#tls.write(bytes);
    return bytes.length;
  }

  end(): void {
    this.#tls.end();
  }

  terminate(): void {
    this.#tls.destroy();
    this.#below.terminate();
  }

  pause(): void {
    this.#tls.pause();
  }

  resume(): void {
    this.#tls.resume();
  }

  #carry(chunk: Buffer, done: (error?: Error | null) => void): void {
    const sent = Math.max(0, this.#below.write(chunk));
    if (sent === chunk.length) {
      done();
      return;
    }
    this.#rest = chunk.subarray(sent);
    this.#done = done;
  }
}

export interface CarriedEvents {
  secured(wire: CarriedTls): void;
  data(wire: CarriedTls, bytes: Uint8Array): void;
  drain(wire: CarriedTls): void;
  /** The client has sent its last octet. */
  exhausted(): void;
}
