import type { MessagePort, Transferable } from "node:worker_threads";

/**
 * A MessagePort that sends what is said within one turn of the event loop as one message: a crossing costs the same for
 * a hundred requests as for one. Order is kept.
 */
export class BatchedPort<Out, In> {
  readonly #port: MessagePort;
  readonly #unsent: ((message: Out, why: unknown) => void) | undefined;
  #waiting: Out[] = [];
  #transfer = new Set<Transferable>();

  /** `unsent` is told of a message that cannot cross: it is no plain data, or its buffers are gone. */
  constructor(port: MessagePort, heard: (message: In) => void, unsent?: (message: Out, why: unknown) => void) {
    this.#port = port;
    this.#unsent = unsent;
    port.on("message", (messages: readonly In[]) => {
      for (const message of messages) heard(message);
    });
  }

  /** `transfer`: buffers that move to the other thread instead of being copied; they are gone here. */
  send(message: Out, transfer: readonly Transferable[] = []): void {
    if (this.#waiting.length === 0) queueMicrotask(() => this.flush());
    this.#waiting.push(message);
    for (const each of transfer) this.#transfer.add(each);
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    const messages = this.#waiting;
    const transfer = this.#transfer;
    this.#waiting = [];
    this.#transfer = new Set();
    try {
      this.#port.postMessage(messages, [...transfer]);
    } catch {
      // A buffer that cannot move (it has gone elsewhere already) must not take the other messages with it.
      for (const message of messages) this.#alone(message);
    }
  }

  #alone(message: Out): void {
    try {
      this.#port.postMessage([message]);
    } catch (error) {
      this.#unsent?.(message, error);
    }
  }

  onClose(closed: () => void): void {
    this.#port.on("close", closed);
  }

  close(): void {
    this.flush();
    this.#port.close();
  }
}

/** Below this a copy is cheaper than handing over. */
const worthMoving = 16 * 1024;

/** The buffers of these arrays that may move and are large enough to be worth it. */
export function movable(arrays: readonly Uint8Array[] | readonly (Uint8Array | Uint32Array)[]): Transferable[] {
  const buffers: Transferable[] = [];
  for (const { buffer, byteLength } of arrays) {
    if (byteLength >= worthMoving && buffer instanceof ArrayBuffer && !buffers.includes(buffer)) buffers.push(buffer);
  }
  return buffers;
}
