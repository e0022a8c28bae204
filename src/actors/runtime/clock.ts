/** Time as an argument: the real one here, a simulated one in tests. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only go forward, for measuring durations. */
  monotonic(): number;
  /** Calls `run` once after `ms`; the returned function forgets it. A pending call does not keep the process alive. */
  after(ms: number, run: () => void): () => void;
}

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref?.();
    return () => clearTimeout(timer);
  },
};
