import type { Command } from "commander";
import type { ApiOptions } from "./api.ts";

/** Options that every command has. */
export type CommonOptions = ApiOptions & { readonly json?: boolean };

/** Gives a command --json and --config, and --url where it talks to the server. */
export function withCommonOptions(command: Command, talks: "to the server" | "to nobody"): Command {
  command.option("--config <file>", "read this file instead of eider.toml").option("--json", "answer in JSON");
  if (talks === "to the server") {
    command.option("--url <url>", "where the server's HTTP API is (default: as configured; or EIDER_URL)");
  }
  return command.allowExcessArguments(false);
}
