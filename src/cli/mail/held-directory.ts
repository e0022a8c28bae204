import { isUtf8 } from "node:buffer";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  type PathLike,
  readdirSync,
  readFileSync,
  renameSync,
  type Stats,
  unlinkSync,
} from "node:fs";

/**
 * A directory that is held open, and whose entries are reached through it alone. Import and export run as root over
 * directories that belong to users: nothing here follows a symbolic link, and nobody who swaps a directory for one
 * between two looks gets a file opened elsewhere. Names are octets, for file systems know no character sets.
 */
export class HeldDirectory {
  readonly #fd: number;
  /** How it was reached. */
  readonly #path: PathLike;

  private constructor(fd: number, path: PathLike) {
    this.#fd = fd;
    this.#path = path;
  }

  /** @throws PassedOver where it is a link or no directory */
  static open(path: PathLike): HeldDirectory {
    const kind = kindOf(lstatSync(path));
    if (kind !== "directory") throw new PassedOver(wordsFor[kind]);
    return HeldDirectory.#hold(path);
  }

  static #hold(path: PathLike): HeldDirectory {
    const fd = opened(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    return new HeldDirectory(fd, path);
  }

  names(): Buffer[] {
    return readdirSync(this.#inside(""), { encoding: "buffer" });
  }

  /** What an entry is, and how old; null where there is none. Links are not followed. */
  look(name: Buffer | string): { kind: EntryKind; stat: Stats } | null {
    const stat = lstatSync(this.#inside(name), { throwIfNoEntry: false });
    return stat ? { kind: kindOf(stat), stat } : null;
  }

  /** @throws PassedOver where it is a link or no directory */
  directory(name: Buffer | string): HeldDirectory {
    return HeldDirectory.open(this.#inside(name));
  }

  /** The directory of that name, made where it is missing. */
  ensureDirectory(name: Buffer | string): HeldDirectory {
    if (!this.look(name)) mkdirSync(this.#inside(name), { mode: 0o700 });
    return this.directory(name);
  }

  /** Opens a regular file for reading. @throws PassedOver for anything else */
  file(name: Buffer | string): OpenFile {
    return openRegularFile(this.#inside(name));
  }

  /** The whole of a small regular file; null where there is none. @throws PassedOver for anything else, and past `most` octets */
  text(name: string, most: number): Buffer | null {
    if (!this.look(name)) return null;
    const { fd, stat } = this.file(name);
    try {
      if (stat.size > most) throw new PassedOver(`it is larger than ${most} octets`);
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Makes a file that was not there: its descriptor, for writing. */
  create(name: Buffer | string): number {
    const how = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    return opened(this.#inside(name), how);
  }

  /** Moves a file from here into another directory, over what has that name there. */
  move(name: Buffer | string, to: HeldDirectory, target: Buffer | string): void {
    renameSync(this.#inside(name), to.#inside(target));
  }

  remove(name: Buffer | string): void {
    unlinkSync(this.#inside(name));
  }

  /** Names the directory itself, however it is reached. */
  identity(): string {
    const { dev, ino } = fstatSync(this.#fd);
    return `${dev}:${ino}`;
  }

  /** The same directory, held once more. */
  again(): HeldDirectory {
    return HeldDirectory.#hold(joined(this.#inside(""), "."));
  }

  close(): void {
    closeSync(this.#fd);
  }

  #inside(name: Buffer | string): PathLike {
    if (name.includes("/") || String(name) === "." || String(name) === "..") throw new Error("a name, not a path");
    if (byDescriptor) return joined(`/proc/self/fd/${this.#fd}`, name);
    // Without /proc the directory is reached by its path again, if that still leads to the one that is held.
    const there = lstatSync(this.#path);
    const held = fstatSync(this.#fd);
    if (there.dev !== held.dev || there.ino !== held.ino) throw new PassedOver("it was moved while it was read");
    return joined(this.#path, name);
  }
}

export type OpenFile = { readonly fd: number; readonly stat: Stats };

/**
 * Opens what is a regular file and no link, and stays what it was seen to be: it is looked at before it is opened, for
 * opening a device may move it, and after, for it may have been exchanged. A FIFO that comes in between does not wait.
 *
 * @throws PassedOver for links, FIFOs, devices, sockets, directories
 */
export function openRegularFile(path: PathLike): OpenFile {
  const before = kindOf(lstatSync(path));
  if (before !== "file") throw new PassedOver(wordsFor[before]);
  const fd = opened(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stat = fstatSync(fd);
  const kind = kindOf(stat);
  if (kind === "file") return { fd, stat };
  closeSync(fd);
  throw new PassedOver(wordsFor[kind]);
}

export type EntryKind = "file" | "directory" | "link" | "fifo" | "device" | "socket";

/** Something of the source is not read, and why, in words that follow its name. */
export class PassedOver extends Error {}

export const wordsFor: Readonly<Record<EntryKind, string>> = {
  file: "it is a file where a directory belongs",
  directory: "it is a directory where a file belongs",
  link: "it is a symbolic link, and links are not followed",
  fifo: "it is a FIFO",
  device: "it is a device",
  socket: "it is a socket",
};

/** A name in UTF-8, or in what it then most likely is. */
export function textOf(name: Buffer): string {
  return name.toString(isUtf8(name) ? "utf8" : "latin1");
}

/** Why something cannot be read; throws what is no answer of the file system. */
export function reasonOf(error: unknown): string {
  if (error instanceof PassedOver) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  if (code === "EACCES" || code === "EPERM") return "it may not be read";
  return code === "ENOENT" ? "it is gone" : message;
}

/** Linux reaches the entries of an open directory under this name. */
const byDescriptor = existsSync("/proc/self/fd");

function joined(directory: PathLike, name: Buffer | string): PathLike {
  if (name.length === 0) return directory;
  const start = Buffer.isBuffer(directory) ? directory : Buffer.from(String(directory));
  return Buffer.concat([start, Buffer.from("/"), Buffer.from(name)]);
}

function opened(path: PathLike, how: number): number {
  try {
    return openSync(path, how, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") throw new PassedOver(wordsFor.link);
    throw error;
  }
}

function kindOf(stat: Stats): EntryKind {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "link";
  if (stat.isFIFO()) return "fifo";
  return stat.isSocket() ? "socket" : "device";
}
