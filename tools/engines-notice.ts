/** Says in one line, before the tests, which suites have no engine to run on. */
export function enginesNotice(env: Readonly<Record<string, string | undefined>>): string | null {
  const missing = ["MONGODB_URL", "REDIS_URL"].filter((name) => !env[name]);
  if (missing.length === 0) return null;
  return `Testing the embedded store; the MongoDB and Redis suites need ${missing.join(" and ")} (see docs/operating.md).`;
}

if (import.meta.main) {
  const notice = enginesNotice(process.env);
  if (notice !== null) console.log(notice);
  if (notice !== null && process.env.EIDER_REQUIRE_ENGINES) process.exit(1);
}
