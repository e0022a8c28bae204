/** What prom-client's registry asks of a metric that it did not make. */
type Exposed = {
  name: string;
  help: string;
  type: "histogram";
  aggregator: "sum";
  values: { metricName: string; labels: Record<string, string | number>; value: number }[];
};

/**
 * Durations in buckets, one series per set of labels. prom-client's own histogram hashes the labels of each
 * observation; here a series is looked up once and then counts in an array, as it runs once for each command.
 */
export class DurationHistogram {
  readonly #series: DurationSeries[] = [];

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  series(labels: Readonly<Record<string, string>>): DurationSeries {
    const series = new DurationSeries(labels);
    this.#series.push(series);
    return series;
  }

  /** For prom-client's registry. */
  async get(): Promise<Exposed> {
    const values = this.#series.flatMap((series) => series.values(this.name));
    return { name: this.name, help: this.help, type: "histogram", aggregator: "sum", values };
  }
  /** For prom-client's registry. */
  reset(): void {
    this.#series.length = 0;
  }
}

/** Upper bounds in seconds; from a command answered out of memory to one that waits for a slow disk. */
const bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export class DurationSeries {
  readonly #counts = new Float64Array(bounds.length + 1);
  #sum = 0;

  constructor(readonly labels: Readonly<Record<string, string>>) {}

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket += 1;
    this.#counts[bucket]! += 1;
    this.#sum += seconds;
  }

  values(name: string): Exposed["values"] {
    let total = 0;
    const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
      total += this.#counts[index]!;
      const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : bound;
      return { metricName: `${name}_bucket`, labels: { ...this.labels, le }, value: total };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.labels, value: this.#sum },
      { metricName: `${name}_count`, labels: this.labels, value: total },
    ];
  }
}
