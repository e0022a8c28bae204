import { mkdirSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";

/**
 * Builds `dist/eider`: one binary with Bun and everything in it. Workers are found by `new URL("./x.ts",
 * import.meta.url)` in the source; inside the binary all modules share one URL, so each such place gets the
 * worker's own, and each worker becomes an entry of its own.
 */
const root = resolve(import.meta.dir, "..");
const source = resolve(root, "src");
const outfile = resolve(root, process.argv[2] ?? "dist/eider");
const workerPlace = /new URL\("(\.[^"]+)\.ts", import\.meta\.url\)/g;

const workers = new Set<string>();
for await (const path of new Bun.Glob("**/*.ts").scan(source)) {
  if (path.endsWith(".test.ts")) continue;
  for (const [, target] of (await Bun.file(resolve(source, path)).text()).matchAll(workerPlace)) {
    workers.add(resolve(source, dirname(path), `${target}.ts`));
  }
}
mkdirSync(dirname(outfile), { recursive: true });
const { success, logs } = await Bun.build({
  entrypoints: [resolve(source, "cli/main.ts"), ...workers],
  root: source,
  target: "bun",
  minify: { whitespace: true, syntax: true },
  sourcemap: "inline",
  compile: { outfile },
  plugins: [
    {
      name: "workers",
      setup(build) {
        build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
          const contents = await Bun.file(path).text();
          const place = (_: string, target: string) => {
            const worker = relative(source, resolve(dirname(path), target));
            return `new URL("file:///$bunfs/root/${worker}.js")`;
          };
          return { contents: contents.replaceAll(workerPlace, place), loader: "ts" };
        });
      },
    },
  ],
});
for (const log of logs) console.error(log);
if (!success) process.exit(1);
console.log(`built ${relative(process.cwd(), outfile)}`);
