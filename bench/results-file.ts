import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Aim, Figure, Scale } from "./workload.ts";

/** What one run gave, as it is kept in `bench/results/`. */
export type Results = {
  readonly at: string;
  readonly machine: string;
  readonly runtime: string;
  readonly commit: string;
  readonly scale: Scale;
  /** Version and settings of each side, by server and what it ran on: `eider`, `eider on mongodb`. */
  readonly settings: Readonly<Record<string, readonly string[]>>;
  /** Servers that were asked for and not there, and why. */
  readonly missing: Readonly<Record<string, string>>;
  /** What a server could not do, and why: its values of that workload are of the rounds before, or not there. */
  readonly failed?: readonly Failed[];
  /** What a reader has to know besides. */
  readonly notes?: readonly string[];
  readonly results: readonly Result[];
  readonly profile?: readonly ProfiledPath[];
};

export type Failed = { readonly server: string; readonly workload: string; readonly why: string };

/** One figure of one workload. */
export type Result = {
  readonly workload: string;
  readonly title: string;
  readonly figure: string;
  readonly what: string;
  readonly unit: string;
  readonly better: Figure["better"];
  readonly per?: string;
  readonly aim?: Aim;
  readonly servers: Readonly<Record<string, Measured>>;
};

export type Measured = {
  readonly median: number;
  /** In the order of the rounds. */
  readonly raw: readonly number[];
  readonly sizes: Readonly<Record<string, number>>;
};

/** Where the time of one operation goes. Times in µs and sizes in bytes for each operation. */
export type ProfiledPath = {
  readonly path: string;
  readonly operation: string;
  readonly perSecond: number;
  readonly cpu: number;
  readonly threads: readonly { readonly name: string; readonly user: number; readonly system: number }[];
  readonly calls: Readonly<Record<string, number>>;
  readonly hot: readonly { readonly where: string; readonly share: number }[];
  /** `received` and `sent` by sockets, `read` and `written` by other descriptors (files, pipes), `disk`: what the kernel had to write to storage. */
  readonly bytes: Readonly<Record<"payload" | "received" | "sent" | "read" | "written" | "disk", number>>;
  readonly limits: readonly { readonly what: string; readonly perSecond: number }[];
};

const directory = join(import.meta.dir, "results");

/** Writes `<date>[-label].json` and says which file it is. */
export function writeResults(results: Results, label: string): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${results.at.slice(0, 10)}${label === "" ? "" : `-${label}`}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
  return file;
}

/** Several files as one: values of a later file replace those of the same server in an earlier one. */
export function readResults(files: readonly string[]): Results & { readonly sources: readonly string[] } {
  const all = files.map((file) => JSON.parse(readFileSync(file, "utf8")) as Results);
  const byFigure = new Map<string, Result>();
  for (const result of all.flatMap(({ results }) => results)) {
    const key = `${result.workload}.${result.figure}`;
    const earlier = byFigure.get(key);
    byFigure.set(key, { ...result, ...earlier, servers: { ...earlier?.servers, ...result.servers } });
  }
  return {
    ...all[0]!,
    settings: Object.assign({}, ...all.map(({ settings }) => settings)),
    missing: Object.assign({}, ...all.map(({ missing }) => missing)),
    failed: all.flatMap(({ failed }) => failed ?? []),
    notes: all.flatMap(({ notes }) => notes ?? []),
    results: [...byFigure.values()],
    profile: all.findLast(({ profile }) => profile !== undefined)?.profile ?? [],
    sources: files.map((file) => basename(file)),
  };
}
