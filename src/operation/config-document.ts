import { settings, variableOf } from "./config.ts";
import { factsOf } from "./config-kinds.ts";
import { configSchema } from "./config-schema.ts";

/** docs/configuration.md, made from the schema: every setting with its variable, its default and what it takes. */
export function configDocument(): string {
  const lines = [
    "# Configuration",
    "",
    "<!-- Made from src/operation/config-schema.ts by `bun run docs`. -->",
    "",
    "Eider reads one TOML file, `eider.toml` in the working directory or the one named by `--config`. Each setting can also come from",
    "the environment, under the variable named here; in a variable a list is separated by commas, and an empty variable counts as not set.",
    "Environment beats file, file beats default. `eider config` prints the settings in force and where each comes from.",
    "",
    "An unknown key or variable, a wrong value or a combination that cannot work stops the start, and the message names the line or the variable.",
    "",
  ];
  for (const { title, description, rows } of sections()) {
    lines.push(`## ${title}`, "", ...(description === "" ? [] : [description, ""]));
    lines.push("| Key | Default | Meaning | Takes | Variable |", "| --- | --- | --- | --- | --- |");
    for (const row of rows) {
      const shown = row.shown === undefined ? "none" : `\`${row.shown}\``;
      lines.push(
        `| \`${row.key}\` | ${shown} | ${cell(row.description)} | ${cell(row.expects)} | \`${row.variable}\` |`,
      );
    }
    lines.push("");
  }
  return lines.join("\n");
}

/** The same as an `eider.toml` in which everything is at its default and explained: what `eider config --schema` prints. */
export function configTemplate(): string {
  const lines: string[] = [];
  for (const { title, section, description, rows } of sections()) {
    if (section !== null) lines.push(`# ${description}`, title);
    for (const row of rows) {
      lines.push(`# ${row.description}`, `# Takes ${row.expects}. Variable: ${row.variable}`);
      lines.push(row.shown === undefined ? `# ${row.key} =` : `${row.key} = ${row.shown}`, "");
    }
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

type Row = { key: string; description: string; expects: string; shown?: string; variable: string };

function sections(): { title: string; section: string | null; description: string; rows: Row[] }[] {
  const names = [...new Set(settings.map(({ section }) => section))];
  return names.map((section) => ({
    title: section === null ? "Top level" : `[${section}]`,
    section,
    description:
      section === null
        ? ""
        : (configSchema.shape[section as keyof typeof configSchema.shape].meta()?.description ?? ""),
    rows: settings
      .filter((setting) => setting.section === section)
      .map(({ name, key, schema }) => {
        const { description, expects, shown } = factsOf(schema);
        return { key, description, expects, shown, variable: variableOf(name) };
      }),
  }));
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
