import type { Logger } from "../../operation/logger.ts";
import type { FromSupervisor, Report, Topic, ToSupervisor } from "../../operation/siblings.ts";
import { drainLimit, type SignalSource } from "../../operation/signals.ts";
import { pauseBefore } from "./restart-pause.ts";

/** A process that was started. */
export type Child = {
  readonly pid: number;
  /** How it ended: an exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  signal(signal: NodeJS.Signals): void;
  send(message: FromSupervisor): void;
};

export type Supervision = {
  readonly count: number;
  /** Starts process number `process` (1 to `count`); what it sends is given to `heard`. */
  readonly start: (process: number, heard: (message: ToSupervisor) => void) => Child;
  readonly logger: Logger;
  readonly signals: Pick<SignalSource, "on" | "off">;
  /** Whether the terminal has been closed, which SIGHUP says too; then every process leaves. */
  readonly terminalIsGone: () => boolean;
  /** Milliseconds on a clock that never jumps. */
  readonly now: () => number;
  /** Calls back after that many milliseconds; the returned function calls it off. */
  readonly after: (ms: number, act: () => void) => () => void;
};

/**
 * Runs `count` processes of one server side by side and replaces each that dies, at once or, when it lived shortly,
 * after a pause that grows. Signals are passed on to all; after SIGTERM or SIGINT nothing is started any more, and what
 * has not left within ten seconds is ended. When a process says by exit code 1 that it cannot start, and none has ever
 * been up, all end: so would the others. Answers the exit code for the whole when all have ended.
 */
export function supervise(supervision: Supervision): Promise<number> {
  return new Supervisor(supervision).run();
}

type Slot = {
  readonly process: number;
  child: Child | null;
  up: boolean;
  restarts: number;
  /** Lives in a row that were short. */
  shortLives: number;
};

class Supervisor {
  readonly #with: Supervision;
  readonly #slots: Slot[];
  readonly #told = new Map<number, (value: Report<Topic>["value"]) => void>();
  #ids = 0;
  #stopping = false;
  #everUp = false;
  #code = 0;
  /** Ends every pause before a restart. */
  #wake = new Set<() => void>();
  #callOffEnd: () => void = () => {};

  constructor(supervision: Supervision) {
    this.#with = supervision;
    this.#slots = Array.from({ length: supervision.count }, (_, at) => ({
      process: at + 1,
      child: null,
      up: false,
      restarts: 0,
      shortLives: 0,
    }));
  }

  async run(): Promise<number> {
    const { signals } = this.#with;
    const handlers = (["SIGTERM", "SIGINT", "SIGHUP"] as const).map((signal) => {
      const handler = () => this.#passOn(signal);
      signals.on(signal, handler);
      return [signal, handler] as const;
    });
    await Promise.all(this.#slots.map((slot) => this.#keep(slot)));
    for (const [signal, handler] of handlers) signals.off(signal, handler);
    this.#callOffEnd();
    return this.#code;
  }

  async #keep(slot: Slot): Promise<void> {
    const { now, logger, start } = this.#with;
    while (!this.#stopping) {
      const born = now();
      const child = start(slot.process, (message) => this.#heard(slot, message));
      slot.child = child;
      const ended = await child.exited;
      slot.child = null;
      slot.up = false;
      if (this.#stopping) {
        if (typeof ended === "number") this.#code ||= ended;
        return;
      }
      if (ended === 1 && !this.#everUp) {
        this.#code = 1;
        this.#stop("SIGTERM");
        return;
      }
      const { pause, shortLives } = pauseBefore(now() - born, slot.shortLives);
      slot.shortLives = shortLives;
      slot.restarts += 1;
      logger.error(
        { process: slot.process, ended: child.pid, by: ended, pause },
        `process ${child.pid} ended; starting another`,
      );
      if (pause > 0) await this.#rest(pause);
    }
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wake.delete(wake);
        callOff();
        resolve();
      };
      const callOff = this.#with.after(ms, wake);
      this.#wake.add(wake);
    });
  }

  #passOn(signal: NodeJS.Signals): void {
    if (signal === "SIGHUP" && !this.#with.terminalIsGone()) {
      for (const { child } of this.#slots) child?.signal(signal);
    } else this.#stop(signal);
  }

  #stop(signal: NodeJS.Signals): void {
    for (const { child } of this.#slots) child?.signal(signal);
    if (this.#stopping) return;
    this.#stopping = true;
    for (const wake of [...this.#wake]) wake();
    this.#callOffEnd = this.#with.after(drainLimit, () => {
      for (const { child, process } of this.#slots) {
        if (child === null) continue;
        this.#with.logger.warn({ process, ended: child.pid }, "a process did not leave in time and is ended");
        child.signal("SIGKILL");
      }
    });
  }

  #heard(slot: Slot, message: ToSupervisor): void {
    switch (message.kind) {
      case "ready":
        slot.up = true;
        this.#everUp = true;
        return;
      case "told":
        this.#told.get(message.id)?.(message.value);
        return;
      case "ask": {
        // Not to whoever has taken its place meanwhile.
        const { child } = slot;
        void this.#gather(message.topic).then((reports) => send(child, { kind: "answer", id: message.id, reports }));
        return;
      }
      default:
        return message satisfies never;
    }
  }

  /** Every process's report; null from those that are not up or do not answer in time. */
  #gather(topic: Topic): Promise<Report<Topic>[]> {
    return Promise.all(
      this.#slots.map(async (slot) => {
        const { process, restarts } = slot;
        return { process, restarts, value: slot.up ? await this.#asked(slot, topic) : null };
      }),
    );
  }

  #asked(slot: Slot, topic: Topic): Promise<Report<Topic>["value"]> {
    const id = ++this.#ids;
    return new Promise((resolve) => {
      const settle = (value: Report<Topic>["value"]) => {
        this.#told.delete(id);
        callOff();
        resolve(value);
      };
      const callOff = this.#with.after(patience, () => settle(null));
      this.#told.set(id, settle);
      if (!send(slot.child, { kind: "tell", id, topic })) settle(null);
    });
  }
}

/** How long one process may take for a report, milliseconds: it gives its own parts three seconds. */
const patience = 4000;

/** False where the process is gone, or just going. */
function send(child: Child | null, message: FromSupervisor): boolean {
  try {
    child?.send(message);
    return child !== null;
  } catch {
    return false;
  }
}
