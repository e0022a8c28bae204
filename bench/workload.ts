import type { BenchServer } from "./servers/server.ts";

/** What is done and measured, with no server named. */
export type Workload = {
  readonly name: string;
  readonly title: string;
  /** One figure each, by name, in the order they are shown. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** Servers it can run on; without it: all. */
  readonly only?: readonly string[];
  /** Rounds that are enough, where one takes long. */
  readonly rounds?: number;
  /** Fills mailboxes and warms up; once for each server before the first round. */
  prepare?(server: BenchServer): Promise<void>;
  /** One round: a value for each figure. One that is not there for this server is left out. */
  run(server: BenchServer, round: number): Promise<Readonly<Record<string, number>>>;
};

export type Figure = {
  readonly what: string;
  readonly unit: string;
  readonly better: "more" | "less";
  /** What Eider is to reach: so many times as good as the first peer of the run, or a value, or both. */
  readonly aim?: { readonly times?: number; readonly value?: number };
};

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which so large a part of all is. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}
