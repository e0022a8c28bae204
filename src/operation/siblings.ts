import type { HealthDetails } from "../protocols/http/services.ts";
import { mergedHealth } from "./merged-health.ts";
import { mergedMetrics } from "./merged-metrics.ts";

/** What is asked of every process of one `eider start`, and what each answers. */
export type Reports = { readonly metrics: string; readonly health: HealthDetails };
export type Topic = keyof Reports;

/** One process's report; null: it did not answer, or is not running at the moment. */
export type Report<T extends Topic> = {
  /** 1 to N; a process that replaces another has its number. */
  readonly process: number;
  /** How often that process has been replaced so far. */
  readonly restarts: number;
  readonly value: Reports[T] | null;
};

/** What a process says to the one that supervises it. */
export type ToSupervisor =
  | { readonly kind: "ready" }
  | { readonly kind: "ask"; readonly id: number; readonly topic: Topic }
  | { readonly kind: "told"; readonly id: number; readonly value: Reports[Topic] | null };

/** What it hears from there. */
export type FromSupervisor =
  | { readonly kind: "tell"; readonly id: number; readonly topic: Topic }
  | { readonly kind: "answer"; readonly id: number; readonly reports: readonly Report<Topic>[] };

/** The way to the supervisor: the part of `process` that is needed. */
export type SupervisorLink = {
  send(message: ToSupervisor): void;
  on(event: "message", listener: (message: FromSupervisor) => void): unknown;
};

/** Where a process's own reports come from. */
export type OwnReports = { readonly [T in Topic]: () => Promise<Reports[T]> };

/**
 * The other processes of this `eider start`. They listen on the same ports, so a request for metrics or health reaches
 * any one of them: it asks the others, through the supervisor, and answers for all.
 */
export class Siblings {
  readonly #link: SupervisorLink;
  readonly #after: (ms: number, act: () => void) => () => void;
  readonly #asked = new Map<number, (reports: readonly Report<Topic>[] | null) => void>();
  #own: OwnReports | null = null;
  #ids = 0;

  /** `after` calls back after so many milliseconds, and answers what calls that off. */
  constructor(link: SupervisorLink, after: (ms: number, act: () => void) => () => void) {
    this.#link = link;
    this.#after = after;
    link.on("message", (message) => this.#heard(message));
  }

  /** From now on this process is up, and tells the others what `own` says. */
  ready(own: OwnReports): void {
    this.#own = own;
    this.#link.send({ kind: "ready" });
  }

  /** Every process's metrics, in Prometheus's text format; this process's own alone where the supervisor is silent. */
  async metricsText(): Promise<string> {
    const reports = await this.#ask("metrics");
    return reports ? mergedMetrics(reports) : await this.#reported().metrics();
  }

  /** Every process's health as one; this process's own where the supervisor is silent. */
  async health(): Promise<HealthDetails> {
    const own = await this.#reported().health();
    const reports = await this.#ask("health");
    return reports ? mergedHealth(reports, own) : own;
  }

  #reported(): OwnReports {
    if (this.#own === null) throw new Error("Cannot report: this process is not up");
    return this.#own;
  }

  #ask<T extends Topic>(topic: T): Promise<readonly Report<T>[] | null> {
    const id = ++this.#ids;
    return new Promise((resolve) => {
      const callOff = this.#after(patience, () => this.#asked.get(id)?.(null));
      this.#asked.set(id, (reports) => {
        this.#asked.delete(id);
        callOff();
        resolve(reports as readonly Report<T>[] | null);
      });
      try {
        this.#link.send({ kind: "ask", id, topic });
      } catch {
        // The supervisor is gone, and this process is about to follow it.
        this.#asked.get(id)?.(null);
      }
    });
  }

  #heard(message: FromSupervisor): void {
    if (message.kind === "answer") this.#asked.get(message.id)?.(message.reports);
    else if (message.kind === "tell") void this.#tell(message.id, message.topic);
  }

  async #tell(id: number, topic: Topic): Promise<void> {
    const value = await Promise.resolve(this.#own?.[topic]() ?? null).catch(() => null);
    this.#link.send({ kind: "told", id, value });
  }
}

/** Longer than the supervisor waits for any one process, milliseconds. */
const patience = 6000;
