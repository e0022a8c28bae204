import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { CommandFailure } from "../failure.ts";

/** Keeps a backup and a data directory out of each other: who loses or empties one would lose both. */
export function mustBeApart(action: string, data: string, backup: string): void {
  const [one, other] = [data, backup].map((path) => settled(path) + sep) as [string, string];
  if (!other.startsWith(one) && !one.startsWith(other)) return;
  throw new CommandFailure(
    `Cannot ${action}`,
    `the backup ${backup} and the data directory ${data} are one within the other`,
    "name a directory elsewhere, best on another disk",
  );
}

/** Where a path leads, symbolic links followed as far as it exists. */
function settled(path: string): string {
  const whole = resolve(path);
  if (existsSync(whole)) return realpathSync(whole);
  return join(settled(dirname(whole)), basename(whole));
}
