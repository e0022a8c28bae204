import { closeSync, openSync, readSync } from "node:fs";
import { bodiesNeeded, unpackBase } from "../actors/account/bases.ts";
import type { Loaded } from "../actors/account/loaded.ts";
import type { AccountId } from "../domain/ids.ts";
import type { Base, BodyPlace, Log } from "../store/log.ts";
import { BackupDamaged } from "./damage.ts";
import { FileReader } from "./file-reader.ts";
import { FileWriter } from "./file-writer.ts";
import { type BaseFile, basePath, inBackup } from "./layout.ts";

/**
 * A base as a file: a line of JSON, then the parts of the base, then the bodies that messages in it need from entries
 * before it, one after the other. A log in a backup that begins with a base has its entry as the first of its segments.
 */
type Heading = {
  readonly eider: "base";
  readonly format: 1;
  readonly account: AccountId;
  readonly seq: number;
  readonly at: number;
  readonly name: string;
  /** Bytes of each. */
  readonly parts: readonly number[];
  readonly bodies: readonly (readonly [seq: number, index: number, bytes: number])[];
};

const bodiesAtOnce = 64;

/** Writes the base of an account with the bodies that it needs; the same base becomes the same file. */
export async function writeBaseFile(root: string, touched: Set<string>, log: Log, base: Base): Promise<BaseFile> {
  const { account, seq, at, name } = base;
  const needed = bodiesNeeded(unpackBase(base)).filter((place) => place.seq < seq);
  const sizes = sizesOf(unpackBase(base));
  const heading: Heading = {
    ...{ eider: "base", format: 1, account, seq, at, name },
    parts: base.parts.map((part) => part.length),
    bodies: needed.map((place) => [place.seq, place.index, sizes.get(keyOf(place)) ?? 0]),
  };
  const file = new FileWriter(root, touched);
  try {
    file.write(Buffer.from(`${JSON.stringify(heading)}\n`));
    for (const part of base.parts) file.write(part);
    for (let from = 0; from < needed.length; from += bodiesAtOnce) {
      const some = needed.slice(from, from + bodiesAtOnce);
      for (const [n, body] of (await log.bodies(account, some)).entries()) {
        const size = sizes.get(keyOf(some[n]!)) ?? 0;
        if (body?.length !== size)
          throw new Error(`Cannot copy account ${account}: body ${keyOf(some[n]!)} is missing in the store`);
        file.write(body);
      }
    }
  } catch (error) {
    file.abort();
    throw error;
  }
  return { seq, at, ...file.finish((sha256) => basePath(account, { seq, sha256 })) };
}

/** The base in a file and, apart, its bodies. */
export class BaseReader {
  readonly base: Base;
  readonly loaded: Loaded;
  readonly #path: string;
  readonly #bodies = new Map<string, { place: BodyPlace; offset: number; length: number }>();

  /** Proves the whole file first. */
  constructor(root: string, account: AccountId, baseFile: BaseFile) {
    const name = basePath(account, baseFile);
    this.#path = inBackup(root, name);
    const proof = new FileReader(root, name);
    proof.prove(baseFile.sha256, baseFile.bytes);
    const file = new FileReader(root, name);
    try {
      const line = file.line() ?? "";
      const heading = JSON.parse(line) as Heading;
      if (heading.eider !== "base" || heading.format !== 1) throw new BackupDamaged(name, "is no base of a log");
      if (heading.account !== account) throw new BackupDamaged(name, `is of account ${heading.account}`);
      const { seq, at } = heading;
      this.base = { account, seq, at, name: heading.name, parts: heading.parts.map((length) => file.take(length)) };
      this.loaded = unpackBase(this.base);
      let offset = Buffer.byteLength(line) + 1 + heading.parts.reduce((sum, length) => sum + length, 0);
      for (const [seq, index, length] of heading.bodies) {
        const place = { seq, index };
        this.#bodies.set(keyOf(place), { place, offset, length });
        offset += length;
      }
    } finally {
      file.close();
    }
  }

  body(place: BodyPlace): Uint8Array | null {
    const known = this.#bodies.get(keyOf(place));
    if (!known) return null;
    const bytes = new Uint8Array(known.length);
    const file = openSync(this.#path, "r");
    try {
      for (let at = 0; at < bytes.length; ) {
        const read = readSync(file, bytes, at, bytes.length - at, known.offset + at);
        if (read === 0) throw new BackupDamaged(this.#path, "is cut short");
        at += read;
      }
    } finally {
      closeSync(file);
    }
    return bytes;
  }

  /** Every body, ascending by place. */
  *bodies(): Generator<BodyPlace & { readonly bytes: Uint8Array }> {
    for (const { place } of this.#bodies.values()) yield { ...place, bytes: this.body(place)! };
  }
}

function sizesOf({ unrecorded }: Loaded): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { place } of unrecorded.values())
    for (const piece of place) if (piece.kind === "inline") sizes.set(keyOf(piece), piece.size);
  return sizes;
}

function keyOf({ seq, index }: BodyPlace): string {
  return `${seq}/${index}`;
}
