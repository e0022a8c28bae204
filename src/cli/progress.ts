/** How far a long job has come. Shown on a terminal only; a pipe hears nothing. */
export class Progress {
  readonly #out: { write(text: string): void; readonly isTTY: boolean };
  readonly #now: () => number;
  readonly #unit: string;
  readonly #total: number | null;
  readonly #started: number;
  #shown = Number.NEGATIVE_INFINITY;
  #done = 0;

  /** `total`: how much there is to do, null where nobody knows; `now`: milliseconds. */
  constructor(options: {
    out: { write(text: string): void; readonly isTTY: boolean };
    unit: string;
    total: number | null;
    now?: () => number;
  }) {
    this.#out = options.out;
    this.#unit = options.unit;
    this.#total = options.total;
    this.#now = options.now ?? (() => performance.now());
    this.#started = this.#now();
  }

  /** `by` more is done. */
  advance(by = 1): void {
    this.#done += by;
    const now = this.#now();
    if (!this.#out.isTTY || now - this.#shown < 100) return;
    this.#shown = now;
    this.#out.write(`\r\u001b[K${progressLine(this.#done, this.#total, now - this.#started, this.#unit)}`);
  }

  /** Takes the bar away, so that what follows begins on an empty line. */
  end(): void {
    if (this.#out.isTTY) this.#out.write("\r\u001b[K");
  }
}

/** `[#####.....] 500 of 1000 messages, 250/s, 2 s left` */
export function progressLine(done: number, total: number | null, ms: number, unit: string): string {
  const rate = ms > 0 ? (done / ms) * 1000 : 0;
  const speed = `${Math.round(rate)}/s`;
  if (total === null || total === 0) return `${done} ${unit}, ${speed}`;
  const share = Math.min(1, done / total);
  const filled = Math.floor(share * 30);
  const left = rate > 0 ? `, ${time(Math.max(0, total - done) / rate)} left` : "";
  return `[${"#".repeat(filled)}${".".repeat(30 - filled)}] ${done} of ${total} ${unit}, ${speed}${left}`;
}

function time(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
