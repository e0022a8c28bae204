import { readSync } from "node:fs";

/** A file that is read here and there, a stretch at a time. */
export class FileWindow {
  readonly size: number;
  readonly #read: (into: Buffer, at: number) => number;
  #main: Held = nothing;
  #glance: Held = nothing;

  /** How many octets were read until now. */
  octetsRead = 0;

  private constructor(
    size: number,
    read: (into: Buffer, at: number) => number,
    readonly chunk = 256 * 1024,
  ) {
    this.size = size;
    this.#read = read;
  }

  static ofFile(fd: number, size: number): FileWindow {
    return new FileWindow(size, (into, at) => readSync(fd, into, 0, into.length, at));
  }

  /** `chunk`: how many octets are read at a time. */
  static ofBytes(bytes: Uint8Array, chunk?: number): FileWindow {
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FileWindow(bytes.length, (into, at) => source.copy(into, 0, at), chunk);
  }

  /**
   * Octets from `at` on, fewer than `length` at the end of the file alone. A short stretch elsewhere than where the file
   * is being read does not move the window: a look ahead costs what it sees.
   */
  stretch(at: number, length: number): Buffer {
    const from = Math.max(0, at);
    const to = Math.min(this.size, at + length);
    if (to <= from) return Buffer.alloc(0);
    const near = from >= this.#main.from - this.chunk && from <= this.#main.from + this.#main.bytes.length;
    if (near || to - from > glance) {
      if (!holds(this.#main, from, to)) this.#main = this.#load(from, Math.max(to, from + this.chunk), this.chunk >> 3);
      return part(this.#main, from, to);
    }
    if (!holds(this.#glance, from, to)) this.#glance = this.#load(from, Math.max(to, from + glance), glance >> 3);
    return part(this.#glance, from, to);
  }

  /** `before`: octets that are read too, for what looks back a little. */
  #load(from: number, to: number, before: number): Held {
    const start = Math.max(0, from - before);
    return { from: start, bytes: this.copy(start, Math.min(this.size, to)) };
  }

  /** The octets from `from` up to `to`, to keep. Shorter where the file was cut meanwhile. */
  copy(from: number, to: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, to - from));
    for (let got = 0; got < bytes.length; ) {
      const read = this.#read(bytes.subarray(got), from + got);
      if (read === 0) return bytes.subarray(0, got);
      this.octetsRead += read;
      got += read;
    }
    return bytes;
  }

  /** The line that begins at `at`, without its end, as far as `most` octets; `next` is where the one below begins. */
  line(at: number, most: number): { text: string; next: number | null } {
    const bytes = this.stretch(at, most);
    const end = bytes.indexOf(0x0a);
    if (end !== -1) return { text: bytes.toString("latin1", 0, end), next: at + end + 1 };
    return { text: bytes.toString("latin1"), next: at + bytes.length >= this.size ? this.size : null };
  }

  /** Where `text` stands next, from `from` on and before `to`; -1: nowhere. */
  find(text: string, from: number, to = this.size): number {
    for (let at = Math.max(0, from); at < to; ) {
      // What is held is looked through first, so that a file is read once however often a search begins.
      const { from: start, bytes } = this.#main;
      const held = start <= at ? start + bytes.length - at : 0;
      const piece = this.stretch(at, Math.min(held > 2 * text.length ? held : this.chunk, to - at));
      const found = piece.indexOf(text, 0, "latin1");
      if (found !== -1) return at + found;
      if (at + piece.length >= to || piece.length < text.length) return -1;
      at += piece.length - text.length + 1;
    }
    return -1;
  }
}

/** A part of the file, and where it begins. */
type Held = { readonly from: number; readonly bytes: Buffer };
const nothing: Held = { from: 0, bytes: Buffer.alloc(0) };

/** Octets that are read where the file is only looked at. */
const glance = 4096;

function holds({ from, bytes }: Held, start: number, end: number): boolean {
  return start >= from && end <= from + bytes.length;
}

function part({ from, bytes }: Held, start: number, end: number): Buffer {
  return bytes.subarray(start - from, end - from);
}
