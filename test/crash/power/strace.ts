import { runsWell } from "../../runs-well.ts";

/** Why no power can be cut here; null: it can. Where engines are required, `strace` is. */
export function straceMissing(): string | null {
  if (runsWell("strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "true")) return null;
  const why = "cutting the power needs `strace`, and the right to trace";
  if (process.env.EIDER_REQUIRE_ENGINES === "1") throw new Error(why);
  return why;
}
