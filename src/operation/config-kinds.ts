import { z } from "zod";

/**
 * The kinds of value a setting can have. Each is a zod schema that carries, as metadata, what a person needs to know:
 * the description, what would be right, how the default is written, and how its text in an environment variable is
 * read.
 */
export type SettingFacts = {
  readonly description: string;
  /** Completes the sentence "expected …". */
  readonly expects: string;
  /** The default as it is written in a TOML file; left out where there is none. */
  readonly shown?: string;
  readonly read: (text: string) => unknown;
  /** Shown as `***` by `eider config`. */
  readonly secret?: boolean;
};

const registry = z.registry<SettingFacts>();

/** The facts about one setting; throws for a schema that none of the functions below has made. */
export function factsOf(schema: z.ZodType): SettingFacts {
  const facts = registry.get(schema);
  if (!facts) throw new Error("a setting must be made with one of the kinds in config-kinds.ts");
  return facts;
}

/** Free text; empty text is refused. */
export function text(description: string, fallback: string, expects = "text") {
  return told(z.string().min(1).default(fallback), { description, expects, shown: quoted(fallback), read: same });
}

/** Text that may be left out, and then is null. */
export function optionalText(description: string, expects: string, options: { secret?: boolean; min?: number } = {}) {
  const schema = z
    .string()
    .min(options.min ?? 1)
    .nullable()
    .default(null);
  return told(schema, { description, expects, read: same, secret: options.secret });
}

/** A URL of one of the given schemes, or null; user and password in it are secret. */
export function optionalUrl(description: string, schemes: readonly string[]) {
  const schema = z
    .string()
    .refine((url) =>
      schemes.some((scheme) => url.startsWith(`${scheme}://`) && URL.canParse(url.replace(/,.*?(?=\/|$)/, ""))),
    )
    .nullable()
    .default(null);
  const expects = `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`;
  return told(schema, { description, expects, read: same, secret: true });
}

export function oneOf<const T extends readonly [string, ...string[]]>(
  description: string,
  values: T,
  fallback: T[number],
) {
  const expects = `one of ${values.map(quoted).join(", ")}`;
  return told(z.enum(values).default(fallback as never), { description, expects, shown: quoted(fallback), read: same });
}

export function integer(description: string, fallback: number, range: { min: number; max: number }) {
  const schema = z.number().int().min(range.min).max(range.max).default(fallback);
  const expects = `a whole number from ${range.min} to ${range.max}`;
  return told(schema, { description, expects, shown: String(fallback), read: readInteger });
}

export function flag(description: string, fallback: boolean) {
  const read = (written: string) => ({ true: true, false: false })[written] ?? written;
  return told(z.boolean().default(fallback), { description, expects: "true or false", shown: String(fallback), read });
}

/** A TCP port, or null for "not listening", which is written `false`. */
export function port(description: string, fallback: number | false) {
  const schema = z
    .union([z.number().int().min(0).max(65535), z.literal(false).transform(() => null)])
    .default(fallback === false ? null : fallback);
  return told(schema, {
    description,
    expects: "a port number (0: any free one), or false (not listening)",
    shown: String(fallback),
    read: (written) => (written === "false" ? false : readInteger(written)),
  });
}

/** A list of texts; in the environment, separated by commas. */
export function list(description: string, item: z.ZodType<string>, expects: string, fallback: readonly string[] = []) {
  const read = (written: string) =>
    written
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const schema = z
    .array(item)
    .readonly()
    .default([...fallback]);
  return told(schema, { description, expects, shown: `[${fallback.map(quoted).join(", ")}]`, read });
}

/** Bytes, written as a number or with K, M, G or T (powers of 1024). */
export function size(description: string, fallback: string, range: { min: number; max?: number }) {
  const max = range.max ?? Number.MAX_SAFE_INTEGER;
  const schema = z
    .union([z.number(), z.string().transform(parseSize)])
    .pipe(z.number().int().min(range.min).max(max))
    .prefault(fallback);
  const top = range.max === undefined ? "" : ` to ${formatSize(range.max)}`;
  const expects = `a size such as 4096, "64K", "64M" or "5G", ${range.max === undefined ? "at least" : "from"} ${formatSize(range.min)}${top}`;
  return told(schema, { description, expects, shown: quoted(fallback), read: same });
}

/** Milliseconds, written with ms, s, m, h or d. */
export function duration(description: string, fallback: string, range: { min: string; max: string }) {
  const schema = z
    .string()
    .transform(parseDuration)
    .pipe(z.number().min(parseDuration(range.min)).max(parseDuration(range.max)))
    .prefault(fallback);
  const expects = `a duration such as "30s", "5m" or "2h", from ${quoted(range.min)} to ${quoted(range.max)}`;
  return told(schema, { description, expects, shown: quoted(fallback), read: same });
}

/** `64M` → 67108864; NaN for what is no size. */
export function parseSize(written: string): number {
  const parts = /^(\d+(?:\.\d+)?) ?([KMGT]?)(?:i?B)?$/i.exec(written.trim());
  if (!parts) return Number.NaN;
  return Math.round(Number(parts[1]) * 1024 ** " KMGT".indexOf(parts[2]!.toUpperCase() || " "));
}

/** The shortest way to write a size exactly: 67108864 → `64M`. */
export function formatSize(bytes: number): string {
  for (const [power, letter] of [
    [4, "T"],
    [3, "G"],
    [2, "M"],
    [1, "K"],
  ] as const) {
    const unit = 1024 ** power;
    if (bytes >= unit && bytes % unit === 0) return `${bytes / unit}${letter}`;
  }
  return String(bytes);
}

/** `5m` → 300000 ms; NaN for what is no duration. */
export function parseDuration(written: string): number {
  const parts = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/.exec(written.trim());
  if (!parts) return Number.NaN;
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[parts[2] as "ms" | "s" | "m" | "h" | "d"];
  return Number(parts[1]) * unit;
}

function told<S extends z.ZodType>(schema: S, facts: SettingFacts): S {
  registry.add(schema, facts);
  return schema;
}
function readInteger(written: string): unknown {
  return /^-?\d{1,15}$/.test(written) ? Number(written) : written;
}
function same(written: string): unknown {
  return written;
}
function quoted(written: string): string {
  return JSON.stringify(written);
}
