import { cpus, release, totalmem } from "node:os";
import type { Results } from "./results-file.ts";

/** What a figure depends on besides the server: machine, system, runtime, and the state of this tree. */
export function machineFacts(): Pick<Results, "at" | "machine" | "runtime" | "commit"> {
  const git = (...args: string[]) =>
    Bun.spawnSync(["git", ...args], { cwd: import.meta.dir, stderr: "ignore" })
      .stdout.toString()
      .trim();
  const changed = git("status", "--porcelain", "--untracked-files=no", "--", "../src") !== "";
  return {
    at: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`,
    runtime: `Bun ${Bun.version}`,
    commit: `${git("rev-parse", "--short", "HEAD")}${changed ? ", with changes" : ""}`,
  };
}
