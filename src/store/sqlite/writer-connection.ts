import type { MessagePort } from "node:worker_threads";
import { StoreUnavailable } from "../log.ts";
import { type Answer, fileOfJob, type Job, type JobKind, type Jobs } from "./jobs.ts";
import type { SchemaName } from "./schema.ts";

/** Where a thread's jobs go. */
export interface WriterConnection {
  /** Answers when the job is committed. `action` is for the error's text, as in "append 2 entries". */
  ask<K extends JobKind>(
    kind: K,
    ask: Jobs[K]["ask"],
    action: string,
    transfer?: ArrayBuffer,
  ): Promise<Jobs[K]["answer"]>;
  close(): void;
}

/** What the control port brings: ports to the writers when they are up, or why there are none. */
export type Control = { ports: Record<SchemaName, MessagePort> } | { down: string };

type Pending = { resolve: (answer: never) => void; reject: (error: Error) => void; action: string };

/**
 * Jobs of one turn of the event loop travel in one message per writer, and answers of one commit come back in one. When a writer
 * ends, what was on its way is rejected as unknown; what is asked until the next one is up waits for it.
 */
export class PortConnection implements WriterConnection {
  readonly #control: MessagePort;
  readonly #lanes: Record<SchemaName, Lane> = { truth: new Lane(), state: new Lane() };
  #nextId = 1;

  constructor(control: MessagePort) {
    this.#control = control;
    control.on("message", (message: Control) => {
      for (const file of ["truth", "state"] as const) {
        if ("ports" in message) this.#lanes[file].connect(message.ports[file]);
        else this.#lanes[file].down(message.down);
      }
    });
  }

  ask<K extends JobKind>(kind: K, ask: Jobs[K]["ask"], action: string, transfer?: ArrayBuffer) {
    const job = { id: this.#nextId++, kind, ask } as Job;
    return new Promise<Jobs[K]["answer"]>((resolve, reject) => {
      this.#lanes[fileOfJob[kind]].send(job, transfer, { resolve, reject, action });
    });
  }

  close(): void {
    this.#control.close();
    for (const lane of Object.values(this.#lanes)) lane.close();
  }
}

class Lane {
  #port: MessagePort | null = null;
  #refusing: string | null = null;
  #outgoing: Job[] = [];
  #transfer: ArrayBuffer[] = [];
  #flushing = false;
  readonly #pending = new Map<number, Pending>();

  connect(port: MessagePort): void {
    this.#lose("the writer was replaced");
    this.#port = port;
    this.#refusing = null;
    port.on("message", (answers: readonly Answer[]) => {
      for (const answer of answers) {
        settle(this.#pending.get(answer.id), answer);
        this.#pending.delete(answer.id);
      }
    });
    port.on("close", () => {
      if (this.#port === port) this.#lose("the writer ended");
    });
    this.#flush();
  }

  /** There is no writer and none is coming up. */
  down(why: string): void {
    this.#lose(why);
    this.#refusing = why;
    for (const job of this.#outgoing.splice(0)) this.#fail(job.id, why, "no");
    this.#transfer = [];
  }

  send(job: Job, transfer: ArrayBuffer | undefined, pending: Pending): void {
    if (this.#refusing !== null) {
      pending.reject(new StoreUnavailable(`Cannot ${pending.action}: ${this.#refusing}`, { kept: "no" }));
      return;
    }
    this.#pending.set(job.id, pending);
    this.#outgoing.push(job);
    if (transfer) this.#transfer.push(transfer);
    if (this.#flushing || !this.#port) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  close(): void {
    this.down("the store is closed");
    this.#port?.close();
    this.#port = null;
  }

  #flush(): void {
    this.#flushing = false;
    if (!this.#port || this.#outgoing.length === 0) return;
    this.#port.postMessage(this.#outgoing, this.#transfer);
    this.#outgoing = [];
    this.#transfer = [];
  }

  /** Rejects what is on its way; what was not sent yet stays. */
  #lose(why: string): void {
    this.#port?.close();
    this.#port = null;
    const unsent = new Set(this.#outgoing.map(({ id }) => id));
    for (const id of [...this.#pending.keys()]) if (!unsent.has(id)) this.#fail(id, why, "unknown");
  }

  #fail(id: number, why: string, kept: "no" | "unknown"): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.reject(new StoreUnavailable(`Cannot ${pending.action}: ${why}`, { kept }));
  }
}

/** Gives an answer to who asked. */
export function settle(pending: Pending | undefined, answer: Answer): void {
  if (!pending) return;
  if (answer.ok) {
    pending.resolve(answer.answer as never);
    return;
  }
  const text = `Cannot ${pending.action}: ${answer.why}`;
  const { unavailable, kept, full } = answer;
  pending.reject(unavailable ? new StoreUnavailable(text, { kept, full }) : new Error(text));
}
