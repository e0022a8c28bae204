import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Measured, Result, Results } from "../results-file.ts";
import { workloads } from "../workloads/catalogue.ts";
import { writeDocument } from "./write-document.ts";

const root = resolve(import.meta.dir, "../..");

/** Writes the document of these results into a directory of its own; its text, the README's and the plots. */
function documentOf(...results: readonly Results[]): { text: string; readme: string; plots: Record<string, string> } {
  const directory = mkdtempSync(join(tmpdir(), "eider-document-"));
  try {
    mkdirSync(join(directory, "docs"));
    writeFileSync(join(directory, "README.md"), readFileSync(join(root, "README.md")));
    const files = results.map((_, at) => join(directory, `${at}.json`));
    for (const [at, file] of files.entries()) writeFileSync(file, JSON.stringify(results[at]));
    writeDocument(files, directory);
    const read = (path: string) => readFileSync(join(directory, path), "utf8");
    const plots = readdirSync(join(directory, "docs/performance")).map((name) => [
      name,
      read(`docs/performance/${name}`),
    ]);
    return { text: read("docs/performance.md"), readme: read("README.md"), plots: Object.fromEntries(plots) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const measured = (raw: readonly number[], sizes: Readonly<Record<string, number>> = {}): Measured => ({
  median: raw[raw.length >> 1]!,
  raw,
  sizes,
});

const run = (results: readonly Result[], more: Partial<Results> = {}): Results => ({
  ...{ at: "2031-05-06T07:08:09.000Z", machine: "2 × test", runtime: "Bun", commit: "abc", scale: "full" },
  ...{ settings: { eider: ["one"] }, missing: {}, results, ...more },
});

const flags: Result = {
  ...{ workload: "fetch", title: "FETCH in 10,000", figure: "flags", what: "FETCH 1:* (FLAGS)", unit: "ms" },
  ...{ better: "less", aim: { dovecot: 1.5, wildduck: 20 } },
  servers: { eider: measured([1, 2, 3]), dovecot: measured([4, 4, 5]) },
};

test("writeDocument says which aims were missed and where a peer is better, and nothing else", () => {
  const slower: Result = {
    ...flags,
    figure: "sizes",
    what: "UID FETCH",
    servers: { ...flags.servers, dovecot: measured([1]) },
  };
  const { text } = documentOf(run([flags, slower]));
  expect(text).toContain("1 of 2 aims that could be measured were reached");
  expect(text).toContain(
    "UID FETCH**: the aim ≥ 1.5 × Dovecot is missed, Dovecot is better (Eider 2.00 ms, Dovecot 1.00 ms)",
  );
  expect(text).toContain("| FETCH 1:\\* (FLAGS) | 4.00 ms [4.00 4.00 5.00] | 2.00 ms [1.00 2.00 3.00] | 2.00 |");
  expect(text).not.toContain("FETCH 1:\\* (FLAGS)**");
  expect(text).not.toMatch(/\{\{|undefined|NaN/);
});

test("writeDocument adds a peer from another file, and compares by the cost of one where it was given fewer", () => {
  const store: Result = {
    ...{ ...flags, workload: "change", figure: "store", what: "STORE", per: "stored", aim: { dovecot: 5 } },
    servers: { eider: measured([10], { stored: 1000 }) },
  };
  const peer: Result = { ...store, servers: { wildduck: measured([300], { stored: 100 }) } };
  const { text, readme, plots } = documentOf(run([store]), run([peer], { missing: { dovecot: "no root" } }));
  expect(text).toContain("| STORE | 300 ms | 10.0 ms | 300 |");
  expect(text).toContain("WildDuck: stored 100 instead of 1000");
  expect(text).toContain("**Not measured here:** Dovecot (no root)");
  expect(readme).toContain("≈ 3,000 ms | 10.0 ms |");
  expect(plots["change.svg"]).toContain("300 ×");
});

test("plots are well-formed", () => {
  const profile = [
    {
      ...{ path: "delivery", operation: "a <delivery>", perSecond: 100, cpu: 30 },
      threads: [{ name: "main & only", user: 20, system: 10 }],
      ...{ calls: { fdatasync: 0.1 }, hot: [], limits: [{ what: "appends", perSecond: 200 }] },
      bytes: { payload: 4, received: 4, sent: 1, read: 0, written: 8, disk: 9 },
    },
  ];
  const { text, plots } = documentOf(run([flags], { profile }));
  expect(Object.keys(plots).sort()).toEqual(["fetch.svg", "profile.svg"]);
  for (const svg of Object.values(plots)) {
    const opened = [...svg.matchAll(/<(\w+)[^>]*[^/]>/g)].map(([, name]) => name);
    const closed = [...svg.matchAll(/<\/(\w+)>/g)].map(([, name]) => name);
    expect(opened.sort()).toEqual(closed.sort());
    expect(svg).not.toMatch(/NaN|undefined|Infinity| & /);
  }
  expect(text).toContain("Eider reaches 50 % of it");
  expect(text).toContain("10.0 operations for each");
});

test("every workload has a place in the document", () => {
  const template = readFileSync(join(import.meta.dir, "performance.md"), "utf8");
  const shown = [...template.matchAll(/\{\{table ([^}]+)\}\}/g)].flatMap(([, names]) => names!.split(" "));
  expect(shown.sort()).toEqual(workloads.map(({ name }) => name).sort());
});

test("docs/performance.md and the README's figures are what bench/results/ and the words give", () => {
  const there = readFileSync(join(root, "docs/performance.md"), "utf8");
  const sources = /from bench\/results\/: ([^.]+\.json(?: [^ ]+\.json)*)\./.exec(there)![1]!.split(" ");
  const results = sources.map((name) => JSON.parse(readFileSync(join(root, "bench/results", name), "utf8")) as Results);
  const { text, readme } = documentOf(...results);
  const lines = (document: string) => document.split("\n").slice(1);
  expect(lines(text)).toEqual(lines(there));
  expect(readme).toBe(readFileSync(join(root, "README.md"), "utf8"));
});
