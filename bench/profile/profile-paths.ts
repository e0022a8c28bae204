import type { ProfiledPath } from "../results-file.ts";
import type { Scale } from "../workload.ts";

export async function profilePaths(_directory: string, _scale: Scale): Promise<readonly ProfiledPath[]> {
  return [];
}
