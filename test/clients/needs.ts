import { test } from "bun:test";

const required = process.env.CI === "true" || process.env.EIDER_REQUIRE_ENGINES === "1";

/**
 * `test`, for one that runs these programs. Where one is not installed it is skipped, and its name says why; where
 * everything has to be there (CI=true or EIDER_REQUIRE_ENGINES=1) it fails.
 *
 * @param programs names to be found in PATH, or absolute paths
 */
export function needs(...programs: string[]): (name: string, run: () => Promise<void>, timeout?: number) => void {
  const missing = programs.filter((program) => Bun.which(program) === null);
  if (missing.length === 0) return test;
  const why = `${missing.join(" and ")} must be installed`;
  if (required) {
    return (name) =>
      test(name, () => {
        throw new Error(why);
      });
  }
  return (name) => test.skip(`${name}: ${why}`, () => {});
}
