/** Why no power can be cut here; null: it can. Where engines are required, `strace` is. */
export function straceMissing(): string | null {
  const works =
    Bun.which("strace") !== null && Bun.spawnSync(["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "true"]).success;
  if (works) return null;
  const why = "cutting the power needs `strace`, and the right to trace";
  if (process.env.EIDER_REQUIRE_ENGINES === "1") throw new Error(why);
  return why;
}
