import type { Logger } from "./logger.ts";

export type SignalHandling = {
  /** Takes no more connections, says goodbye, flushes. */
  readonly drain: () => Promise<void>;
  /** Reads certificates and log level again. */
  readonly reload: () => void | Promise<void>;
  /** Whether the terminal that the server was started at has been closed, which SIGHUP says too. */
  readonly terminalIsGone: () => boolean;
  readonly logger: Logger;
  readonly process: SignalSource;
  /** Milliseconds on a clock that never jumps. */
  readonly now: () => number;
  /** Calls back after that many milliseconds; the returned function calls it off. */
  readonly after: (ms: number, act: () => void) => () => void;
};

/** The part of `process` that signals need. */
export type SignalSource = {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  exit(code: number): void;
};

/** A drain may take this long. */
export const drainLimit = 10_000;
// `npm start` passes on the SIGINT that the terminal has sent to the whole process group already: within this time
// the same signal is the same wish.
const echoTime = 500;

/**
 * SIGTERM and SIGINT drain and exit 0 within ten seconds; a second one leaves at once (nothing acknowledged is lost:
 * it was durable before). SIGHUP reloads, or drains where the terminal has been closed: nobody could see that the server goes on. Returns what takes the handlers away again.
 */
export function handleSignals({
  drain,
  reload,
  terminalIsGone,
  logger,
  process,
  now,
  after,
}: SignalHandling): () => void {
  let first: number | null = null;

  const stop = (signal: NodeJS.Signals) => () => {
    if (first !== null) {
      if (now() - first < echoTime) return;
      logger.warn({ signal }, "Second signal: leaving at once");
      process.exit(0);
      return;
    }
    first = now();
    logger.info({ signal }, "Stopping: no new connections, saying goodbye to the others");
    const callOff = after(drainLimit, () => {
      logger.warn({ signal }, "Some connections did not end in time: leaving without them");
      process.exit(0);
    });
    drain().then(
      () => {
        callOff();
        logger.info({ signal }, "Stopped");
        process.exit(0);
      },
      (err: unknown) => {
        callOff();
        logger.error({ signal, err }, "Cannot stop in order: leaving");
        process.exit(1);
      },
    );
  };
  const hangUp = async () => {
    try {
      await reload();
      logger.info({ signal: "SIGHUP" }, "Certificates and log level read again");
    } catch (err) {
      logger.error(
        { signal: "SIGHUP", err },
        "Cannot read certificates and log level again: going on with the old ones",
      );
    }
  };

  const handlers: [NodeJS.Signals, () => void][] = [
    ["SIGTERM", stop("SIGTERM")],
    ["SIGINT", stop("SIGINT")],
    ["SIGHUP", () => void (terminalIsGone() ? stop("SIGHUP")() : hangUp())],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
