import { resolve } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../../operation/config.ts";
import type { Console } from "../console.ts";
import { checkCertificate } from "../doctor/check-certificate.ts";
import { checkMachine } from "../doctor/check-machine.ts";
import { checkPorts } from "../doctor/check-ports.ts";
import { checkSecrets } from "../doctor/check-secrets.ts";
import { checkStore } from "../doctor/check-store.ts";
import { type Finding, failure, ok, warning } from "../doctor/finding.ts";
import { CommandFailure } from "../failure.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";

type DoctorOptions = CommonOptions & { readonly backup?: string };

/** `eider doctor`: whether the server can run here, and what to do where it cannot. */
export function addDoctor(program: Command, console: Console): void {
  withCommonOptions(program.command("doctor"), "to nobody")
    .description("check configuration, store, ports, certificate, clock, disk, limits and secrets, and say what to do")
    .option("--backup <directory>", "also whether others can read this backup")
    .action(async (options: DoctorOptions) => {
      const findings = await examine(options, console);
      console.out.write(options.json ? `${JSON.stringify(findings)}\n` : findings.map(line).join(""));
      const failures = findings.filter(({ state }) => state === "failure").length;
      if (failures > 0)
        throw new CommandFailure(
          `${failures} of ${findings.length} checks failed`,
          "see above",
          "mend them and run `eider doctor` again",
        );
    });
}

async function examine(options: DoctorOptions, console: Console): Promise<Finding[]> {
  const loaded = loadConfig({ file: options.config, env: console.env, cwd: console.cwd });
  if (!loaded.ok) return loaded.problems.map((problem) => failure("configuration", problem, "correct it"));
  const { config, file, warnings } = loaded;
  return [
    ok("configuration", file ?? "no eider.toml: everything at its default"),
    ...warnings.map((text) => warning("configuration", text, "correct it if it was not meant so")),
    ...(await checkStore(config, Date.now)),
    ...(await checkPorts(config)),
    checkCertificate(config, new Date()),
    ...checkMachine(config),
    ...checkSecrets(config, file, options.backup === undefined ? null : resolve(console.cwd, options.backup)),
  ];
}

const signs = { ok: "ok     ", warning: "WARNING", failure: "FAILURE" } as const;

function line({ about, state, text, todo }: Finding): string {
  return `${signs[state]}  ${about}: ${text}${todo === undefined ? "" : `\n         → ${todo}`}\n`;
}
