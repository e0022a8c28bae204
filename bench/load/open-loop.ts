import { message } from "./messages.ts";
import { OpenLoopConnection } from "./open-loop-connection.ts";

/** One message that was offered, and what became of it. Moments are of performance.now(). */
export type Offer = {
  readonly number: number;
  readonly to: string;
  /** When it was due, whether or not a connection was free for it. */
  readonly due: number;
  /** When a connection was free for it: MAIL was sent. */
  readonly begun: number;
  readonly said: number;
  readonly result: "accepted" | "refused" | "lost";
  /** The reply that decided; empty where the connection ended without one. */
  readonly reply: string;
};

export type OpenLoop = {
  readonly port: number;
  /** Offers a second, at random moments that do not wait for any answer. */
  readonly rate: number;
  readonly seconds: number;
  /** More are never open. An offer that finds none free waits here, and the wait is part of its time. */
  readonly connections: number;
  readonly addresses: readonly string[];
  /** Octets of a message. */
  readonly size: number;
  /** Number of the first message: no two of a run are the same. */
  readonly first: number;
};

export type Offered = {
  readonly offers: readonly Offer[];
  /** Due within the time, and no connection came free for them before its end. */
  readonly unsent: number;
  /** When it began and when the last one was due. */
  readonly begun: number;
  readonly ended: number;
};

/** How long answers are waited for when the last message was offered, milliseconds. */
const patience = 30_000;

/** Offers messages over LMTP at the given rate whatever the server says to it, as senders do who know nothing of each other. */
export async function openLoop(options: OpenLoop): Promise<Offered> {
  const { rate, seconds, addresses, size, first } = options;
  const offers: Offer[] = [];
  const idle: OpenLoopConnection[] = [];
  const all = new Set<OpenLoopConnection>();
  const waiting: { number: number; to: string; due: number }[] = [];
  let oldest = 0;
  let answered: () => void = () => {};
  const begun = performance.now();
  const end = begun + seconds * 1000;
  let unsent = 0;

  const next = (connection: OpenLoopConnection): void => {
    const offer = waiting[oldest];
    if (offer === undefined) return void idle.push(connection);
    oldest++;
    give(connection, offer);
  };
  const give = (connection: OpenLoopConnection, { number, to, due }: (typeof waiting)[number]): void => {
    const begun = performance.now();
    connection.offer(
      to,
      () => message(number, size),
      (result, reply) => {
        offers.push({ number, to, due, begun, said: performance.now(), result, reply });
        if (connection.open) next(connection);
        answered();
      },
    );
  };
  const connect = (): void => {
    const connection: OpenLoopConnection = new OpenLoopConnection(
      options.port,
      () => next(connection),
      () => {
        all.delete(connection);
        const at = idle.indexOf(connection);
        if (at >= 0) idle.splice(at, 1);
      },
    );
    all.add(connection);
  };

  let number = first;
  let due = begun;
  const random = mulberry(first + 1);
  const step = (): number => (-Math.log(1 - random()) * 1000) / rate;
  due += step();
  while (performance.now() < end) {
    for (const now = performance.now(); due <= now && due < end; due += step()) {
      const offer = { number, to: addresses[number % addresses.length]!, due };
      number++;
      const connection = idle.pop();
      if (connection !== undefined) give(connection, offer);
      else {
        waiting.push(offer);
        if (all.size < options.connections) connect();
      }
    }
    await Bun.sleep(1);
  }
  unsent = waiting.length - oldest;
  waiting.length = oldest;
  const deadline = performance.now() + patience;
  while (offers.length < number - first - unsent && performance.now() < deadline) {
    const another = new Promise<void>((resolve) => {
      answered = resolve;
    });
    await Promise.race([another, Bun.sleep(100)]);
  }
  for (const connection of all) connection.close();
  return { offers, unsent, begun, ended: end };
}

/** Numbers that look random, the same for the same seed. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
