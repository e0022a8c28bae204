import type { Command } from "commander";
import { z } from "zod";
import { loadConfig } from "../../operation/config.ts";
import { configTemplate } from "../../operation/config-document.ts";
import { configSchema } from "../../operation/config-schema.ts";
import { effectiveConfig } from "../../operation/effective-config.ts";
import type { Console } from "../console.ts";
import { CommandFailure } from "../failure.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";

/** `eider config`: the settings in force, and what can be set. */
export function addConfig(program: Command, console: Console): void {
  withCommonOptions(program.command("config"), "to nobody")
    .description("show the settings in force, secrets masked, and where each comes from")
    .option("--schema", "show every setting there is, with its default")
    .action((options: CommonOptions & { schema?: boolean }) => {
      if (options.schema) {
        const schema = () =>
          JSON.stringify(z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }), null, 2);
        console.out.write(options.json ? `${schema()}\n` : configTemplate());
        return;
      }
      const loaded = loadConfig({ file: options.config, env: console.env, cwd: console.cwd });
      if (!loaded.ok) {
        for (const problem of loaded.problems.slice(0, -1)) console.err.write(`eider: ${problem}\n`);
        throw new CommandFailure(loaded.problems.at(-1)!, "");
      }
      for (const warning of loaded.warnings) console.err.write(`warning: ${warning}\n`);
      const shown = effectiveConfig(loaded);
      console.out.write(options.json ? `${JSON.stringify(shown.values, null, 2)}\n` : shown.toml);
    });
}
