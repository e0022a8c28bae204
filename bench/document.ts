import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeDocument } from "./document/write-document.ts";

// Writes docs/performance.md, its plots and the README's figures again, from files of bench/results/: nothing is measured.
const { values, positionals } = parseArgs({
  options: { root: { type: "string", default: resolve(import.meta.dir, "..") } },
  allowPositionals: true,
});
if (positionals.length === 0) {
  console.error(`usage: bun bench/document.ts [--root DIR] FILE...
  Of several files, the values of a later one replace those of an earlier one, server by server.`);
  process.exit(2);
}
for (const file of writeDocument(positionals, values.root)) console.log(file);
