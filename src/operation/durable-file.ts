import { chmodSync, closeSync, fsyncSync, linkSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Small files that a start depends on: after a crash or a loss of power there is the whole content, or what was there
 * before. Nobody but the owner can read them.
 */
export function replaceFile(file: string, content: string): void {
  const temporary = written(file, content);
  renameSync(temporary, file);
  syncDirectory(dirname(file));
}

/** As `replaceFile`, but false, and nothing is changed, where the file is there already: of several at once one wins. */
export function createFile(file: string, content: string): boolean {
  const temporary = written(file, content);
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
  syncDirectory(dirname(file));
  return true;
}

function written(file: string, content: string): string {
  const temporary = `${file}.${process.pid}.new`;
  writeFileSync(temporary, content, { mode: 0o600, flush: true });
  chmodSync(temporary, 0o600);
  return temporary;
}

function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
