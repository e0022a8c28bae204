#!/usr/bin/env bun
import packageJson from "../../package.json" with { type: "json" };
import { ownerOnly } from "../operation/private-files.ts";
import { systemConsole } from "./console.ts";
import { run } from "./run.ts";

process.umask(ownerOnly);

// Only `start` needs the server; the other commands are quicker without it.
const code = await run(
  process.argv.slice(2),
  systemConsole(),
  packageJson.version,
  async (config, siblings, readable) => {
    const { startServer } = await import("../main.ts");
    return startServer(config, siblings, readable);
  },
);
process.exit(code || (process.exitCode as number | undefined) || 0);
