import { closeSync, constants, fstatSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";

/** A name that a file brought along does not stay below the directory it belongs to, or leads to no plain file. */
export class PathLeaves extends Error {
  override readonly name = "PathLeaves";
}

/**
 * The one way from a name that came out of a file (a backup, a mailbox, an archive), which anybody may have written, to
 * a path: `name` below `root`, its levels divided by `/`. What exists of it is followed through directories alone.
 * `root` is the operator's own word, and may be a symbolic link or lead through some.
 *
 * @throws PathLeaves for a name that is absolute, empty or has an empty level, `.`, `..` or NUL in it, and where a
 *   symbolic link stands below `root` on the way or at the end
 */
export function pathWithin(root: string, name: string): string {
  const levels = name.split("/");
  if (name.includes("\0") || levels.some((level) => level === "" || level === "." || level === ".."))
    throw new PathLeaves(`${JSON.stringify(name)} is no name below ${root}`);
  let path = root;
  for (const level of levels) {
    path = join(path, level);
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new PathLeaves(`${path} is a symbolic link`);
  }
  return path;
}

/**
 * Opens such a file for reading. Only a plain file is opened: a device might do anything, a named pipe waits for ever.
 *
 * @throws PathLeaves as `pathWithin`, and for what is no plain file; ENOENT and the like as node:fs does
 */
export function openWithin(root: string, name: string): number {
  const path = pathWithin(root, name);
  // The link that takes the file's place after it was looked at is not followed either.
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new PathLeaves(`${path} is no plain file`);
}
