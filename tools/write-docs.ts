import { resolve } from "node:path";
import { configDocument } from "../src/operation/config-document.ts";
import { rfcSupport } from "./rfc-support.ts";

/** The documents that are made from the source, by path from the root of the project. */
export const documents: Readonly<Record<string, () => string | Promise<string>>> = {
  "docs/configuration.md": configDocument,
  "docs/rfc-support.md": rfcSupport,
};

const root = resolve(import.meta.dir, "..");

/** The generated documents whose committed text is not what the source says. */
export async function staleDocuments(): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, make] of Object.entries(documents)) {
    const file = Bun.file(resolve(root, path));
    if (!(await file.exists()) || (await file.text()) !== (await make())) stale.push(path);
  }
  return stale;
}

if (import.meta.main) {
  const stale = await staleDocuments();
  if (process.argv.includes("--check")) {
    for (const path of stale) console.error(`${path} is not what the source says: run \`bun run docs\``);
    process.exit(stale.length === 0 ? 0 : 1);
  }
  for (const path of stale) await Bun.write(resolve(root, path), await documents[path]!());
  console.log(stale.length === 0 ? "documents are current" : `wrote ${stale.join(", ")}`);
}
