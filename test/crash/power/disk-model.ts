import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../random.ts";
import type { DiskOperation } from "./disk-log.ts";

/** What is smaller than this is written whole or not at all. */
const granule = 512;

type Change =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Uint8Array; durable: boolean }
  | { readonly kind: "truncate"; readonly size: number; durable: boolean };
/** `size`: as the program sees it. */
type File = { readonly changes: Change[]; size: number; readonly base: Uint8Array };
/** `file` has this name from now on, and no longer the one it `leaves`; null: nothing has. */
type NameChange = {
  readonly path: string;
  readonly file: File | "directory" | null;
  readonly leaves?: string;
  durable: boolean;
};

/**
 * A disk that keeps for certain only what was synced. A file's writes are durable once an fsync that began after them
 * has ended; the names in a directory (made, renamed, removed) once the directory's own has. Of the rest a power cut
 * leaves any part: whole writes or granules of them, names changed or not, in any combination.
 */
export class DiskModel {
  readonly #directories: ReadonlySet<string>;
  /** Directories of which the program knows. */
  readonly #made: Set<string>;
  readonly #base: ReadonlyMap<string, File>;
  readonly #names: NameChange[] = [];
  /** As the program sees it. */
  readonly #now: Map<string, File>;
  /** What each fsync under way covers. */
  readonly #syncing = new Map<string, (Change | NameChange)[]>();

  /** Begins with these files, all durable. */
  constructor(files: ReadonlyMap<string, Uint8Array>, directories: Iterable<string>) {
    const base = new Map([...files].map(([path, bytes]) => [path, { changes: [], size: bytes.length, base: bytes }]));
    this.#base = base;
    this.#now = new Map(base);
    this.#directories = new Set(["", ...directories]);
    this.#made = new Set(this.#directories);
  }

  apply(operation: DiskOperation): void {
    // What SQLite's index of its log holds is made again from the log.
    if (operation.path.endsWith("-shm")) return;
    switch (operation.kind) {
      case "create": {
        if (!this.#now.has(operation.path))
          this.#name(operation.path, { changes: [], size: 0, base: new Uint8Array(0) });
        else if (operation.emptied) this.apply({ kind: "truncate", path: operation.path, size: 0 });
        return;
      }
      case "write": {
        const file = this.#file(operation.path);
        const at = operation.at === "end" ? file.size : operation.at;
        file.changes.push({ kind: "write", at, bytes: operation.bytes, durable: false });
        file.size = Math.max(file.size, at + operation.bytes.length);
        return;
      }
      case "truncate": {
        const file = this.#file(operation.path);
        file.changes.push({ kind: "truncate", size: operation.size, durable: false });
        file.size = operation.size;
        return;
      }
      case "sync begins":
        this.#syncing.set(`${operation.by} ${operation.path}`, this.#pending(operation.path));
        return;
      case "synced": {
        const key = `${operation.by} ${operation.path}`;
        for (const change of this.#syncing.get(key) ?? []) change.durable = true;
        this.#syncing.delete(key);
        return;
      }
      case "mkdir":
        this.#names.push({ path: operation.path, file: "directory", durable: false });
        this.#made.add(operation.path);
        return;
      case "rename": {
        const file = this.#file(operation.path);
        this.#names.push({ path: operation.to, file, leaves: operation.path, durable: false });
        this.#now.set(operation.to, file);
        this.#now.delete(operation.path);
        return;
      }
      case "unlink":
        this.#name(operation.path, null);
    }
  }

  /** How many changes a power cut could take back now. */
  get unsynced(): number {
    let count = this.#names.filter(({ durable }) => !durable).length;
    for (const file of this.#now.values()) count += file.changes.filter(({ durable }) => !durable).length;
    return count;
  }

  /**
   * Writes to `root` what the disk could hold after a power cut now. `kept`: how likely each unsynced change is there;
   * 0 is the disk that lost all it could.
   */
  writeTo(root: string, random: Random, kept: number): void {
    const there = new Map<string, File>(this.#base);
    const directories = new Set(this.#directories);
    for (const { path, file, leaves, durable } of this.#names) {
      if (!durable && !random.chance(kept)) continue;
      if (leaves !== undefined) there.delete(leaves);
      if (file === null) there.delete(path);
      else if (file === "directory") directories.add(path);
      else there.set(path, file);
    }
    const reachable = (path: string): boolean => path === "" || (directories.has(path) && reachable(parentOf(path)));
    for (const path of directories) if (reachable(path)) mkdirSync(join(root, path), { recursive: true });
    for (const [path, file] of there) {
      if (reachable(parentOf(path))) writeFileSync(join(root, path), contents(file, random, kept));
    }
  }

  #pending(path: string): (Change | NameChange)[] {
    if (this.#made.has(path)) return this.#names.filter((name) => !name.durable && parentOf(name.path) === path);
    return this.#now.get(path)?.changes.filter(({ durable }) => !durable) ?? [];
  }

  #name(path: string, file: File | null): void {
    this.#names.push({ path, file, durable: false });
    if (file === null) this.#now.delete(path);
    else this.#now.set(path, file);
  }

  #file(path: string): File {
    const file = this.#now.get(path);
    if (!file) throw new Error(`The log speaks of ${path}, which nobody made`);
    return file;
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

function contents(file: File, random: Random, kept: number): Uint8Array {
  let bytes = Buffer.alloc(Math.max(file.base.length, 4096));
  bytes.set(file.base);
  let size = file.base.length;
  const put = (at: number, piece: Uint8Array): void => {
    const end = at + piece.length;
    if (end > bytes.length) {
      const wider = Buffer.alloc(Math.max(end, bytes.length * 2));
      wider.set(bytes);
      bytes = wider;
    }
    bytes.set(piece, at);
    size = Math.max(size, end);
  };
  for (const change of file.changes) {
    if (change.kind === "truncate") {
      if (!change.durable && !random.chance(kept)) continue;
      if (change.size < size) bytes.fill(0, change.size, size);
      size = change.size;
    } else if (change.durable) put(change.at, change.bytes);
    else if (random.chance(kept)) {
      // Torn or whole, as it comes.
      if (random.chance(0.7)) put(change.at, change.bytes);
      else for (const [at, piece] of granules(change)) if (random.chance(0.5)) put(at, piece);
    }
  }
  return bytes.subarray(0, size);
}

function* granules({ at, bytes }: { at: number; bytes: Uint8Array }): Iterable<[number, Uint8Array]> {
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + granule - ((at + from) % granule));
    yield [at + from, bytes.subarray(from, to)];
    from = to;
  }
}
