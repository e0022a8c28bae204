import { type LoadedConfig, settings } from "./config.ts";
import { factsOf, formatSize } from "./config-kinds.ts";

/** The settings in force, secrets masked: as plain values, and as a TOML text that says where each comes from. */
export function effectiveConfig({ config, file, origins }: LoadedConfig): { values: object; toml: string } {
  const values: Record<string, unknown> = {};
  const lines = [file === null ? "# no eider.toml was read" : `# ${file}`];
  let current: string | null = null;
  for (const { name, section, key, schema } of settings) {
    const holder = section === null ? config : config[section as keyof typeof config];
    const value = (holder as Record<string, unknown>)[key];
    const shown = factsOf(schema).secret ? masked(value) : value;
    if (section === null) values[key] = shown;
    else values[section] = { ...(values[section] as object), [key]: shown };

    if (section !== current) lines.push("", `[${section}]`);
    current = section;
    const origin = origins.get(name);
    lines.push(
      `${shown === null && !isPort(key) ? `# ${key} is not set` : `${key} = ${written(shown, factsOf(schema).shown)}`}${origin ? `  # ${origin}` : ""}`,
    );
  }
  return { values, toml: `${lines.join("\n")}\n` };
}

function isPort(key: string): boolean {
  return key === "port" || key === "tls_port";
}

/** A value as it would be written in the file; `shown` tells what kind of default it has. */
function written(value: unknown, shown: string | undefined): string {
  if (value === null) return "false";
  if (typeof value === "number" && shown?.startsWith('"')) {
    return /\d(ms|s|m|h|d)"$/.test(shown) ? `"${value / 1000}s"` : `"${formatSize(value)}"`;
  }
  return JSON.stringify(value);
}

/** A token as `***`; of a URL only the password. */
function masked(value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (!value.includes("://")) return "***";
  return value.replace(/(:\/\/[^/@]*?):[^/]*@/, "$1:***@");
}
