import { randomUUID } from "node:crypto";
import { closeSync, fdatasyncSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { makeDirectory } from "../store/sqlite/open-file.ts";
import { BackupDamaged } from "./damage.ts";
import { proveFile } from "./file-reader.ts";
import { inBackup } from "./layout.ts";

const gathered = 256 * 1024;

/**
 * A new file of the backup: written aside under `tmp/`, made durable, and only then given the name that its hash is
 * part of. The directories that got a new name are to be made durable before anything relies on them: see `touched`.
 */
export class FileWriter {
  readonly #root: string;
  readonly #touched: Set<string>;
  readonly #path: string;
  readonly #file: number;
  readonly #hash = new Bun.CryptoHasher("sha256");
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  bytes = 0;

  constructor(root: string, touched: Set<string>) {
    this.#root = root;
    this.#touched = touched;
    this.#path = inBackup(root, `tmp/${randomUUID()}`);
    this.#file = openSync(this.#path, "wx", 0o600);
  }

  write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.bytes += bytes.length;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= gathered) this.#flush();
  }

  /**
   * `nameOf`: the path within the backup, by the hash of what was written; null: it is not wanted after all. What has
   * that name already stays where it holds the same bytes, and is replaced where it was damaged.
   */
  finish(nameOf: (sha256: string) => string | null): { sha256: string; bytes: number } {
    this.#flush();
    const sha256 = this.#hash.digest("hex");
    const name = nameOf(sha256);
    if (name === null || this.#isThere(name, sha256)) this.abort();
    else {
      fdatasyncSync(this.#file);
      closeSync(this.#file);
      const to = inBackup(this.#root, name);
      makeDirectory(dirname(to));
      renameSync(this.#path, to);
      this.#touched.add(dirname(to));
    }
    return { sha256, bytes: this.bytes };
  }

  #isThere(name: string, sha256: string): boolean {
    try {
      proveFile(this.#root, name, sha256, this.bytes);
      return true;
    } catch (error) {
      if (error instanceof BackupDamaged) return false;
      throw error;
    }
  }

  abort(): void {
    closeSync(this.#file);
    unlinkSync(this.#path);
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#held);
    this.#held.length = 0;
    this.#heldBytes = 0;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
  }
}
