import { dirname, relative, resolve } from "node:path";

/**
 * Which part of the source may import which: arrows point inward. The longest prefix that fits names the layer of a
 * file; `packages` says which packages from npm it may use (`pure`: those without I/O; `any`).
 */
export const layers: readonly Layer[] = [
  { name: "domain", files: "src/domain/", imports: ["domain"], packages: "pure" },
  { name: "logger", files: "src/operation/logger.ts", imports: [], packages: "pure" },
  // How long things last: what stores share with actors.
  { name: "clock", files: "src/actors/runtime/{clock,lifetime}.ts", imports: [], packages: "pure" },
  // What every store promises; what actors are given.
  { name: "store ports", files: "src/store/*.ts", imports: ["domain", "store ports", "clock"], packages: "pure" },
  {
    name: "stores",
    files: "src/store/",
    imports: ["domain", "store ports", "stores", "logger", "clock"],
    packages: "any",
  },
  // What can be asked of actors, and what they answer: types and plain data.
  {
    name: "requests",
    files: "src/actors/*/{requests,sessions}.ts",
    imports: ["requests", "domain", "store ports"],
    packages: "pure",
  },
  { name: "runtime", files: "src/actors/runtime/", imports: ["runtime", "logger", "clock"], packages: "any" },
  {
    name: "actors",
    files: "src/actors/",
    imports: ["actors", "requests", "runtime", "domain", "store ports", "logger", "clock"],
    packages: "any",
  },
  // What a protocol throws when the client's text is wrong.
  { name: "failures", files: "src/protocols/*/failure.ts", imports: ["failures"], packages: "pure" },
  // Bytes to values and back.
  {
    name: "wire",
    files: "src/protocols/*/wire/",
    imports: ["wire", "failures", "requests", "domain"],
    packages: "pure",
  },
  {
    name: "protocols",
    files: "src/protocols/",
    imports: ["protocols", "failures", "wire", "requests", "actors", "domain", "store ports", "logger", "clock"],
    packages: "any",
  },
  {
    name: "operation",
    files: "src/operation/",
    imports: ["operation", "logger", "protocols", "actors", "requests", "domain", "store ports", "clock"],
    packages: "any",
  },
  { name: "outermost", files: "src/", imports: "everything", packages: "any" },
  { name: "around", files: "", imports: "everything", packages: "any" },
];

export type Layer = {
  readonly name: string;
  /** Beginning of the path, or a whole path; `*` stands for one file or folder name, `{a,b}` for one of several. */
  readonly files: string;
  readonly imports: readonly string[] | "everything";
  readonly packages: "pure" | "any";
};

/** Of other modules, what is without I/O, clock and randomness, so that even the domain may use it. */
const purePackages: Readonly<Record<string, "whole" | readonly string[]>> = {
  "node:buffer": "whole",
  "node:string_decoder": "whole",
  "node:url": "whole",
  "node:crypto": ["createHash", "createHmac", "timingSafeEqual"],
  "node:net": ["isIP", "isIPv4", "isIPv6"],
  "iconv-lite": "whole",
  zod: "whole",
  "smtp-server/lib/smtp-stream.js": "whole",
};

export type Violation = { readonly file: string; readonly line: number; readonly text: string };

/** What the imports of one file break. `path` is relative to the root of the project. */
export function checkFile(path: string, source: string): Violation[] {
  const layer = layerOf(path);
  return importsOf(source).flatMap(({ line, target, names }) => {
    const violation = (text: string) => [{ file: path, line, text }];
    if (target.startsWith(".")) {
      const reached = relative("/", resolve("/", dirname(path), target));
      const other = layerOf(reached);
      if (layer.imports === "everything" || layer.imports.includes(other.name)) return [];
      return violation(`${layer.name} must not import ${other.name} (${reached})`);
    }
    const pure = purePackages[target] ?? [];
    if (layer.packages === "any" || pure === "whole" || (pure.length > 0 && names.every((name) => pure.includes(name))))
      return [];
    return violation(`${layer.name} must not import ${target}: only what is pure`);
  });
}

/** All violations in the project. Test files may use any test tool, and the stores they are run on. */
export async function checkProject(root: string): Promise<Violation[]> {
  const violations: Violation[] = [];
  for await (const path of new Bun.Glob("src/**/*.{ts,tsx}").scan(root)) {
    if (isTest(path)) continue;
    violations.push(...checkFile(path, await Bun.file(resolve(root, path)).text()));
  }
  return violations.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

export function layerOf(path: string): Layer {
  return layers.find(({ files }) => new RegExp(`^${pattern(files)}`).test(path))!;
}

function pattern(files: string): string {
  const escaped = files
    .replace(/[.]/g, "\\.")
    .replaceAll("*", "[^/]+")
    .replace(/\{(.+)\}/, (_, names: string) => `(${names.replaceAll(",", "|")})`);
  return files.endsWith(".ts") ? `${escaped}$` : escaped;
}

function isTest(path: string): boolean {
  return /(\.(test|contract|testing|fixture)|\/contract-[a-z-]+)\.tsx?$/.test(path);
}

type Import = { line: number; target: string; names: string[] };

function importsOf(source: string): Import[] {
  const found: Import[] = [];
  const statement =
    /^\s*(?:import|export)\b[^"';]*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;
  for (const match of source.matchAll(statement)) {
    const target = match[1] ?? match[2] ?? match[3]!;
    const offset = match.index + match[0].lastIndexOf(target);
    const listed = /\{([^}]*)\}/.exec(match[0])?.[1]?.split(",") ?? ["*"];
    const names = listed
      .map(
        (name) =>
          name
            .trim()
            .replace(/^type /, "")
            .split(" ")[0]!,
      )
      .filter((name) => name !== "");
    found.push({ line: source.slice(0, offset).split("\n").length, target, names });
  }
  return found;
}

if (import.meta.main) {
  const violations = await checkProject(resolve(import.meta.dir, ".."));
  for (const { file, line, text } of violations) console.error(`${file}:${line}: ${text}`);
  if (violations.length === 0) console.log("layers: every import points inward");
  process.exit(violations.length === 0 ? 0 : 1);
}
