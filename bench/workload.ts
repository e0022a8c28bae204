import type { BenchServer } from "./servers/server.ts";

/**
 * What is done and measured, with no server named. Numbers of messages, sessions and so on are `sizes`, so that the same
 * work can be done in a quick run, and by a peer for which the whole would take hours.
 */
export type Workload<S extends Sizes = Sizes> = {
  readonly name: string;
  /** `{size}` stands for the size of that name. */
  readonly title: string;
  readonly sizes: S;
  /** One figure each, by name, in the order they are shown. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** What the servers run on: a store of their own (the default), or one MongoDB for all, with a counter before it. */
  readonly setting?: "own" | "mongodb";
  /** Servers it can run on; without it: all. */
  readonly only?: readonly string[];
  /** Rounds that are enough, where one takes long. */
  readonly rounds?: number;
  /** Fills mailboxes and warms up; once for each server before the first round. */
  prepare?(scene: Scene<S>): Promise<void>;
  /** One round: a value for each figure. One that is not there for this server is left out. */
  run(scene: Scene<S>): Promise<Values>;
};

/** One server's turn. */
export type Scene<S extends Sizes = Sizes> = {
  readonly server: BenchServer;
  readonly round: number;
  readonly sizes: { readonly [K in keyof S]: number };
};

export type Values = Readonly<Record<string, number>>;
export type Scale = "full" | "quick";
/** `slow`: for a peer whose pace is that; without it, it does what the others do. */
export type Size = { readonly full: number; readonly quick: number; readonly slow?: number };
export type Sizes = Readonly<Record<string, Size>>;

export type Figure = {
  /** `{size}` stands for the size of that name. */
  readonly what: string;
  readonly unit: string;
  readonly better: "more" | "less";
  /** The size that it grows with: where a peer's differs, it is compared by what one of them costs. */
  readonly per?: string;
  /** What Eider is to reach: so many times as good as a peer, or a value, or several of these. */
  readonly aim?: Aim;
};

export type Aim = { readonly dovecot?: number; readonly wildduck?: number; readonly value?: number };

/** Says no more than its argument; the compiler learns the names of the sizes. */
export function workload<S extends Sizes>(described: Workload<S>): Workload {
  return described;
}

/** The sizes for this server in a run of this scale. */
export function sizesFor(sizes: Sizes, scale: Scale, pace: BenchServer["pace"]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => {
      const usual = size[scale];
      return [name, pace === "slow" && size.slow !== undefined ? Math.min(usual, size.slow) : usual];
    }),
  );
}

/** `{messages} messages` with the number in its place. */
export function withSizes(text: string, sizes: Readonly<Record<string, number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => sizes[name]?.toLocaleString("en") ?? name);
}
