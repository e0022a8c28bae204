import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { contradictions, type Finding } from "./config-checks.ts";
import { factsOf } from "./config-kinds.ts";
import { type Config, configSchema } from "./config-schema.ts";
import { nearest } from "./nearest.ts";
import { tomlLines } from "./toml-lines.ts";

export type { Config } from "./config-schema.ts";

/** Where the settings are looked for. Without `file`, `eider.toml` in `cwd` is read if it is there. */
export type ConfigSources = {
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
};

export type LoadedConfig = {
  readonly ok: true;
  readonly config: Config;
  /** The file that was read; null: none. */
  readonly file: string | null;
  /** Names of the settings that are not at their default, `imap.port`, and where each comes from: `eider.toml:3`. */
  readonly origins: ReadonlyMap<string, string>;
  /** Allowed, but probably not meant; one line each. */
  readonly warnings: readonly string[];
};
/** One line for each problem: where, what was found, what would be right. */
export type ConfigProblems = { readonly ok: false; readonly problems: readonly string[] };

/** A name without a section (`data`) or with one (`imap.port`), and its schema. */
export type Setting = {
  readonly name: string;
  readonly section: string | null;
  readonly key: string;
  readonly schema: z.ZodType;
};

/**
 * Reads the configuration: environment before file before default. `data`, `tls.cert` and `tls.key` come out as
 * absolute paths. Reports every problem at once.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig | ConfigProblems {
  const read = readFile(sources);
  if (!read.ok) return read;
  const given = new Map<string, { value: unknown; origin: string }>();
  const problems = [...unknownKeys(read.table, read.origin), ...unknownVariables(sources.env)];
  for (const { name, section, key } of settings) {
    const table = section === null ? read.table : read.table[section];
    if (isTable(table) && Object.hasOwn(table, key)) given.set(name, { value: table[key], origin: read.origin(name) });
    const variable = variableOf(name);
    const written = sources.env[variable];
    if (written !== undefined && written !== "") {
      given.set(name, { value: factsOf(schemaOf(name)).read(written), origin: variable });
    }
  }

  const config: Record<string, unknown> = {};
  for (const { name, section, key, schema } of settings) {
    const source = given.get(name);
    const parsed = schema.safeParse(source?.value);
    if (!parsed.success) {
      const facts = factsOf(schema);
      const found = facts.secret ? "something else" : display(source?.value);
      problems.push(`${source?.origin}: ${name}: expected ${facts.expects}; found ${found}`);
    } else if (section === null) config[key] = parsed.data;
    else {
      config[section] ??= {};
      (config[section] as Record<string, unknown>)[key] = parsed.data;
    }
  }
  if (problems.length > 0) return { ok: false, problems };

  const complete = withAbsolutePaths(config as Config, sources.cwd);
  const say = ({ about, text }: Finding) => {
    const origin = about.map((name) => given.get(name)?.origin).find((place) => place !== undefined);
    return `${origin ?? "configuration"}: ${about[0]}: ${text}`;
  };
  const found = contradictions(complete, new Set(given.keys()));
  if (found.errors.length > 0) return { ok: false, problems: found.errors.map(say) };
  const origins = new Map([...given].map(([name, { origin }]) => [name, origin]));
  return { ok: true, config: complete, file: read.file, origins, warnings: found.warnings.map(say) };
}

/** Every setting, in the order of the schema. */
export const settings: readonly Setting[] = Object.entries(configSchema.shape).flatMap(([name, schema]): Setting[] => {
  if (!("shape" in schema)) return [{ name, section: null, key: name, schema }];
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([key, leaf]) => ({
    name: `${name}.${key}`,
    section: name,
    key,
    schema: leaf,
  }));
});

/** `imap.tls_port` → `EIDER_IMAP_TLS_PORT` */
export function variableOf(name: string): string {
  return `EIDER_${name.replace(".", "_").toUpperCase()}`;
}

type FileRead = { ok: true; file: string | null; table: Record<string, unknown>; origin: (name: string) => string };

function readFile({ file, cwd }: ConfigSources): FileRead | ConfigProblems {
  const shown = file ?? "eider.toml";
  const path = resolve(cwd, shown);
  if (file === undefined && !existsSync(path)) return { ok: true, file: null, table: {}, origin: () => "default" };
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    return { ok: false, problems: [`${shown}: cannot be read: ${why}`] };
  }
  try {
    const table = parse(source);
    const lines = tomlLines(source);
    const origin = (name: string) => `${shown}:${lines.get(name) ?? lines.get(name.split(".")[0]!) ?? 1}`;
    return { ok: true, file: path, table, origin };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = error.message.split("\n")[0]!.replace(/^Invalid TOML document: /, "");
    return { ok: false, problems: [`${shown}:${error.line}: not TOML: ${what} (column ${error.column})`] };
  }
}

function unknownKeys(table: Record<string, unknown>, origin: (name: string) => string): string[] {
  const top = Object.keys(configSchema.shape);
  const sections = new Set(settings.map(({ section }) => section));
  return Object.entries(table).flatMap(([name, value]) => {
    if (!top.includes(name)) return [`${origin(name)}: unknown key ${display(name)}${suggestion(name, top)}`];
    if (!sections.has(name)) return [];
    if (!isTable(value)) return [`${origin(name)}: ${name}: expected a section, [${name}]; found ${display(value)}`];
    const keys = settings.filter(({ section }) => section === name).map(({ key }) => key);
    return Object.keys(value)
      .filter((key) => !keys.includes(key))
      .map((key) => `${origin(`${name}.${key}`)}: unknown key ${display(key)} in [${name}]${suggestion(key, keys)}`);
  });
}

/** Read by tests and by the command line, not settings of the server. */
const otherVariables = new Set(["EIDER_REQUIRE_ENGINES", "EIDER_TEST_ENGINES", "EIDER_URL", "EIDER_PROCESS"]);
// Kubernetes puts such variables into every container for a Service named eider or eider-imap.
const serviceLink = /^EIDER_(\w+_)?(SERVICE_(HOST|PORT)|PORT_\d+_)|^EIDER_PORT$/;

function unknownVariables(env: ConfigSources["env"]): string[] {
  const known = settings.map(({ name }) => variableOf(name));
  return Object.keys(env)
    .filter((name) => name.startsWith("EIDER_") && !known.includes(name))
    .filter((name) => !otherVariables.has(name) && !serviceLink.test(name))
    .map((name) => `${name}: unknown variable${suggestion(name, known)}`);
}

function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === null ? "; `eider config --schema` lists all" : `; did you mean ${near}?`;
}

function withAbsolutePaths(config: Config, cwd: string): Config {
  const absolute = (path: string | null) => (path === null ? null : resolve(cwd, path));
  return {
    ...config,
    data: resolve(cwd, config.data),
    tls: { cert: absolute(config.tls.cert), key: absolute(config.tls.key) },
  };
}

function schemaOf(name: string): z.ZodType {
  return settings.find((setting) => setting.name === name)!.schema;
}
function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
function display(value: unknown): string {
  const shown = JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? String(part) : part)) ?? "nothing";
  return shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
}
