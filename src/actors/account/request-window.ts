import type { AccountEvent } from "../../domain/account/events.ts";
import type { RequestId } from "../../domain/ids.ts";

/**
 * What has been done lately, by request id, so that a wish that comes again is answered and not done again: an MTA's
 * retry after a lost reply, a request sent again after a worker's death. Follows from the log alone. Remembers for an
 * hour, and at most `capacity` requests.
 */
export class RequestWindow {
  readonly #done = new Map<RequestId, Done>();

  static readonly hour = 3_600_000;
  static readonly capacity = 10_000;

  find(request: RequestId): Done | undefined {
    return this.#done.get(request);
  }

  remember(request: RequestId, done: Done): void {
    this.#done.delete(request);
    this.#done.set(request, done);
    for (const [oldest, { at }] of this.#done) {
      if (this.#done.size <= RequestWindow.capacity && at > done.at - RequestWindow.hour) break;
      this.#done.delete(oldest);
    }
  }

  pack(): readonly [RequestId, Done][] {
    return [...this.#done].map(([request, done]) => [request, { ...done, events: withoutContent(done.events) }]);
  }

  static unpack(packed: readonly [RequestId, Done][]): RequestWindow {
    const window = new RequestWindow();
    for (const [request, done] of packed) window.#done.set(request, done);
    return window;
  }
}

export type Done = { readonly seq: number; readonly at: number; readonly events: readonly AccountEvent[] };

/** Events as they are announced and remembered: the bytes of a message are nobody's business but the store's. */
export function withoutContent(events: readonly AccountEvent[]): readonly AccountEvent[] {
  return events.some((event) => event.kind === "appended" && event.content.length > 0)
    ? events.map((event) => (event.kind === "appended" ? { ...event, content: [] } : event))
    : events;
}
