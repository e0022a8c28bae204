import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeOf } from "./code-of.ts";
import type { Measured } from "./measure.ts";
import { StepMatcher } from "./regexp-steps.ts";

/**
 * Nothing that a client or a stranger's mail can make larger costs more than in proportion to its size on a thread that
 * serves others. Counted in steps (rounds of loops, characters and items looked at), so that no machine is too slow.
 */

setDefaultTimeout(120_000);

/** Where the input doubles, so may the work; sorting adds a little, what doubles in the square is four. */
const mostGrowth = 2.6;
/** Work that does not matter, however it grows. */
const negligible = 20_000;

/** By how much the work of the last doublings grew; what comes before may be on its way to a limit. */
function growth({ works }: Measured): number {
  const grown = works.map((work, at) => (work > negligible && at > 0 ? work / works[at - 1]! : 0));
  return Math.max(...grown.slice(-2));
}

async function measured(kinds: string): Promise<readonly Measured[]> {
  const child = Bun.spawn([process.execPath, fileURLToPath(new URL("./measure.ts", import.meta.url))], {
    env: { ...process.env, EIDER_KINDS: fileURLToPath(new URL(kinds, import.meta.url)) },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`Cannot measure ${kinds}: ${err}`);
  return JSON.parse(out) as Measured[];
}

test("each kind of input, as it doubles", async () => {
  const all = await measured("./kinds.ts");
  expect(all.length).toBeGreaterThan(400);
  expect(all.filter((kind) => growth(kind) > mostGrowth)).toEqual([]);
});

test("each kind of mail, as it doubles", async () => {
  const all = await measured("./mail-kinds.ts");
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter((kind) => growth(kind) > mostGrowth)).toEqual([]);
});

test("planted ones are found, each way of being slow", async () => {
  const all = await measured("./planted/kinds.ts");
  expect(all.map((kind) => [kind.name, growth(kind) > mostGrowth])).toEqual(
    all.map(({ name }) => [name, !name.startsWith("linear")]),
  );
});

const source = fileURLToPath(new URL("../../src", import.meta.url));
/** What reads text of clients and strangers. */
const readers = ["protocols", "domain", "actors/directory"];

describe("every regular expression", () => {
  const patterns = readers
    .flatMap((folder) => [...new Bun.Glob(`${folder}/**/*.ts`).scanSync(source)])
    .filter((path) => !/\.(test|fixture|testing)\.ts$/.test(path))
    .sort()
    .flatMap((path) => codeOf(readFileSync(join(source, path), "utf8")).regexps.map((regexp) => ({ path, regexp })));

  test("is found, and does not go back over a text made to make it", () => {
    expect(patterns.length).toBeGreaterThan(100);
    const slow = patterns.filter(({ regexp }) => goesBack(regexp) !== null);
    expect(slow.map(({ path, regexp }) => `${path}: ${regexp} over ${goesBack(regexp)}`)).toEqual([]);
  });

  for (const regexp of [/\s*[\r\n]+\s*/g, /^(.*?)\s*<([^<>]*)>\s*$/s, /[ \t]+$/, /(a|aa)+$/, /^(\w+\s?)*$/]) {
    test(`${regexp} does`, () => {
      expect(goesBack(regexp)).not.toBeNull();
    });
  }
});

/** Steps after which nobody waits for the end. */
const endless = 3_000_000;

/** A text over which the pattern takes more than its length's worth of steps; null: none of those tried. */
function goesBack(regexp: RegExp): string | null {
  const matcher = new StepMatcher(regexp);
  const letters = matcher.alphabet.slice(0, 40);
  const pairs = letters.flatMap((one) => letters.slice(0, 8).map((other) => one + other));
  for (const begin of ["", ...letters.slice(0, 8)]) {
    for (const unit of [...letters, ...pairs]) {
      for (const end of ["\u0001", ""]) {
        const steps = (size: number) => matcher.steps(begin + unit.repeat(size) + end, { most: endless });
        const some = steps(150);
        if (some > endless || (some > 1_500 && steps(300) > some * mostGrowth))
          return JSON.stringify(`${begin}${unit}…${end}`);
      }
    }
  }
  return null;
}
