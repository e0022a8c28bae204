import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../operation/durable-file.ts";

/** The mail of a data directory has been moved: mail that came into it now would be seen by nobody. */
export class MovedAway extends Error {
  override readonly name = "MovedAway";
}

const fileOf = (data: string): string => join(data, "MOVED");

/** Keeps servers from starting on `data`. `where`: for people, without a password. */
export function markMoved(data: string, where: string, at: Date): void {
  replaceFile(
    fileOf(data),
    `The mail of this directory was moved to ${where} at ${at.toISOString()}.\n` +
      "No server starts here as long as this file is here: mail that came in would be seen by nobody.\n",
  );
}

/** Throws `MovedAway` where `data` was marked. */
export function refuseMoved(data: string): void {
  const file = fileOf(data);
  if (!existsSync(file)) return;
  const [what] = readFileSync(file, "utf8").split("\n");
  throw new MovedAway(`${what} Configure [store] kind = "mongodb"; to go back to what was here then, remove ${file}`);
}
