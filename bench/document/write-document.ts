import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readResults } from "../results-file.ts";
import { performanceDocument } from "./performance-document.ts";
import { readmeFigures } from "./readme-figures.ts";

const begin = "<!-- figures: bench/document.ts writes what is between these lines -->";
const end = "<!-- end of figures -->";

/** Writes docs/performance.md, the plots in docs/performance/ and the README's figures below `root`; says which files these are. */
export function writeDocument(files: readonly string[], root = resolve(import.meta.dir, "../..")): string[] {
  const results = readResults(files);
  const { text, plots } = performanceDocument(results);
  const written: string[] = [];
  const write = (path: string, content: string) => {
    writeFileSync(join(root, path), content);
    written.push(path);
  };
  const directory = join(root, "docs/performance");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, svg] of Object.entries(plots)) write(`docs/performance/${name}.svg`, svg);
  write("docs/performance.md", text);
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Cannot write figures: README.md has no line ${begin}`);
  write("README.md", `${readme.slice(0, from)}${begin}\n${readmeFigures(results)}\n${readme.slice(to)}`);
  return written;
}
