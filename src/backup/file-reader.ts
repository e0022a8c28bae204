import { closeSync, readSync } from "node:fs";
import { BackupDamaged } from "./damage.ts";
import { openInBackup } from "./layout.ts";

const readAtOnce = 1024 * 1024;

/** A file of the backup, read from its beginning to its end and hashed on the way. Faults are named with the file. */
export class FileReader {
  readonly #name: string;
  readonly #file: number;
  readonly #hash = new Bun.CryptoHasher("sha256");
  #held = Buffer.alloc(0);
  #ended = false;
  #closed = false;
  bytes = 0;

  constructor(root: string, name: string) {
    this.#name = name;
    try {
      this.#file = openInBackup(root, name);
    } catch (error) {
      if (error instanceof BackupDamaged) throw error;
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      throw new BackupDamaged(name, missing ? "is missing" : `cannot be read (${(error as Error).message})`);
    }
  }

  /** The next line without its end; null at the end of the file. */
  line(): string | null {
    for (let from = 0; ; ) {
      const end = this.#held.indexOf(10, from);
      if (end >= 0) {
        const text = this.#held.toString("utf8", 0, end);
        this.#held = this.#held.subarray(end + 1);
        return text;
      }
      from = this.#held.length;
      if (this.#fill()) continue;
      if (this.#held.length > 0) throw new BackupDamaged(this.#name, "ends within a line");
      return null;
    }
  }

  /** The next `length` bytes, the caller's own. */
  take(length: number): Uint8Array {
    while (this.#held.length < length) if (!this.#fill()) throw new BackupDamaged(this.#name, "is cut short");
    const bytes = new Uint8Array(this.#held.subarray(0, length));
    this.#held = this.#held.subarray(length);
    return bytes;
  }

  /** Some more bytes; null at the end of the file. */
  some(): Uint8Array | null {
    if (this.#held.length === 0 && !this.#fill()) return null;
    const bytes = this.#held;
    this.#held = Buffer.alloc(0);
    return bytes;
  }

  /** Reads what is left, and holds all of it against what it should be. */
  prove(sha256: string, bytes?: number): void {
    while (this.some() !== null);
    this.close();
    if (bytes !== undefined && bytes !== this.bytes)
      throw new BackupDamaged(this.#name, `has ${this.bytes} bytes, not ${bytes}`);
    if (this.#hash.digest("hex") !== sha256)
      throw new BackupDamaged(this.#name, "does not hold the bytes it was written with (SHA-256 differs)");
  }

  close(): void {
    if (!this.#closed) closeSync(this.#file);
    this.#closed = true;
  }

  #fill(): boolean {
    if (this.#ended) return false;
    const more = Buffer.allocUnsafe(readAtOnce);
    let length: number;
    try {
      length = readSync(this.#file, more, 0, readAtOnce, null);
    } catch (error) {
      throw new BackupDamaged(this.#name, `cannot be read (${(error as Error).message})`);
    }
    if (length === 0) this.#ended = true;
    const read = more.subarray(0, length);
    this.#hash.update(read);
    this.bytes += length;
    this.#held = this.#held.length === 0 ? read : Buffer.concat([this.#held, read]);
    return length > 0;
  }
}

/** Whether a file is whole and holds the bytes it should. */
export function proveFile(root: string, name: string, sha256: string, bytes?: number): void {
  const reader = new FileReader(root, name);
  try {
    reader.prove(sha256, bytes);
  } finally {
    reader.close();
  }
}
