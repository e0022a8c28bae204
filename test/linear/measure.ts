import { plugin } from "bun";
import { countLoops } from "./count-loops.ts";
import { WorkMeter } from "./metered-builtins.ts";

/**
 * A process that measures the work of each kind of input as it doubles, and writes it as JSON: {name, sizes, works}[].
 * `EIDER_KINDS` names a module of kinds; only the project's own source has its loops counted.
 */
const kindsFile = process.env.EIDER_KINDS ?? new URL("./kinds.ts", import.meta.url).pathname;

/** Doublings. */
const usual = [256, 512, 1024, 2048, 4096];

plugin({
  name: "count loops",
  setup(build) {
    build.onLoad({ filter: /\/(src|test\/linear\/planted)\/.*\.ts$/ }, async ({ path }) => ({
      contents: countLoops(await Bun.file(path).text()),
      loader: "ts",
    }));
  },
});

const meter = new WorkMeter();
const { kinds } = (await import(kindsFile)) as { kinds: readonly Kind[] };
const measured: Measured[] = [];
for (const { name, sizes = usual, grown } of kinds) {
  const works: number[] = [];
  for (const size of sizes) {
    const job = grown(size);
    works.push(await meter.of(job));
  }
  measured.push({ name, sizes, works });
}
process.stdout.write(JSON.stringify(measured), () => process.exit(0));

/** One kind of input: `grown` makes one of a size, and answers what is done with it, which alone is measured. */
export type Kind = {
  readonly name: string;
  readonly sizes?: readonly number[];
  readonly grown: (size: number) => () => unknown;
};
export type Measured = { readonly name: string; readonly sizes: readonly number[]; readonly works: readonly number[] };
