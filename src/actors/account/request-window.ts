import type { AccountEvent } from "../../domain/account/events.ts";
import type { RequestId } from "../../domain/ids.ts";

/**
 * What has been done lately, by request id, so that a wish that comes again is answered and not done again: an MTA's
 * retry after a lost reply, a request sent again after a worker's death. Follows from the log alone. Remembers for an
 * hour, and at most `capacity` requests.
 *
 * The hour is the log's own: it goes on with the latest time that any entry bears, by no more than `longestStep` at
 * once. So clocks of nodes that differ or jump make nobody forget, and nothing come twice.
 */
export class RequestWindow {
  readonly #done = new Map<RequestId, Done>();

  static readonly hour = 3_600_000;
  static readonly capacity = 10_000;
  static readonly longestStep = 600_000;
  #time = 0;
  #latest: number | null = null;

  /** How many it remembers. */
  get size(): number {
    return this.#done.size;
  }

  find(request: RequestId): Done | undefined {
    return this.#done.get(request);
  }

  remember(request: RequestId, done: Done): void {
    const passed = this.#latest === null ? 0 : Math.max(0, done.at - this.#latest);
    this.#time += Math.min(passed, RequestWindow.longestStep);
    this.#latest = Math.max(this.#latest ?? 0, done.at);
    this.#done.delete(request);
    this.#done.set(request, { ...done, time: this.#time });
    for (const [oldest, { time }] of this.#done) {
      if (this.#done.size <= RequestWindow.capacity && time! > this.#time - RequestWindow.hour) break;
      this.#done.delete(oldest);
    }
  }

  pack(): readonly [RequestId, Done][] {
    return [...this.#done].map(([request, done]) => [request, { ...done, events: withoutContent(done.events) }]);
  }

  static unpack(packed: readonly [RequestId, Done][]): RequestWindow {
    const window = new RequestWindow();
    for (const [request, { time = 0, ...done }] of packed) {
      window.#done.set(request, { ...done, time });
      window.#time = time;
      window.#latest = Math.max(window.#latest ?? 0, done.at);
    }
    return window;
  }
}

export type Done = {
  readonly seq: number;
  /** When, by the clock of the node that did it: milliseconds since 1970. */
  readonly at: number;
  readonly events: readonly AccountEvent[];
  /** When, by the log's own time; the window's to say. */
  readonly time?: number;
};

/** Events as they are announced and remembered: the bytes of a message are nobody's business but the store's. */
export function withoutContent(events: readonly AccountEvent[]): readonly AccountEvent[] {
  return events.some((event) => event.kind === "appended" && event.content.length > 0)
    ? events.map((event) => (event.kind === "appended" ? { ...event, content: [] } : event))
    : events;
}
