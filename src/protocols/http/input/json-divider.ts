import { HttpFailure } from "../failure.ts";
import { Blocks, GrowingBytes } from "./growing-bytes.ts";

/** Octets of a JSON body without its large texts, and values in it (each takes some hundred octets once it is read). */
export const mostOctets = 1024 * 1024;
export const mostValues = 20_000;

/**
 * What a JSON text of bounded size says.
 *
 * @throws HttpFailure as `JsonDivider`, SyntaxError for what is not JSON
 */
export function readJson(text: string): unknown {
  new JsonDivider([], "").write(Buffer.from(text, "utf8"));
  return JSON.parse(text);
}

/** A JSON text whose large texts have been taken out. */
export type DividedJson = {
  /** In each large text's place it has a name of it. */
  readonly rest: Buffer;
  readonly values: number;
  /** By name: what stood between the quotes, as it came, in blocks that may move to another thread. */
  readonly texts: ReadonlyMap<string, readonly Uint8Array[]>;
};

type Level = { readonly list: boolean; name: string | null; expectsName: boolean };

/**
 * Takes the large texts out of a JSON text as it comes, in pieces of any size, and holds what remains to its bounds
 * before anything is made of it. It does not check that it is JSON: what reads the rest, and each text, does that.
 *
 * @see RFC 8259 §7 (inside a string, only a quotation mark without a backslash before it ends it)
 */
export class JsonDivider {
  readonly #large: ReadonlySet<string>;
  readonly #secret: string;
  readonly #texts = new Map<string, readonly Uint8Array[]>();
  readonly #levels: Level[] = [];
  readonly #rest = new GrowingBytes();
  #values = 1;
  #inString = false;
  #escaped = false;
  /** Where in the rest the string at hand begins that is a name in an object; -1: it is none. */
  #nameAt = -1;
  /** What has come of the large text at hand; null: the string at hand is none. */
  #text: Blocks | null = null;

  /**
   * `large`: where large texts may stand, as `a.b`, with `*` for any place in a list; `secret`: what nobody can guess,
   * for the names of texts.
   */
  constructor(large: readonly string[], secret: string) {
    this.#large = new Set(large);
    this.#secret = secret;
  }

  /** @throws HttpFailure 413 past `mostOctets`, 400 past `mostValues` */
  write(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length) at = this.#inString ? this.#inside(piece, at) : this.#between(piece, at);
  }

  end(): DividedJson {
    return { rest: this.#rest.view(), values: this.#values, texts: this.#texts };
  }

  /** Outside strings; answers where a string begins, or the end. */
  #between(piece: Uint8Array, from: number): number {
    let at = from;
    for (; at < piece.length; at++) {
      const octet = piece[at];
      if (octet === quote) break;
      if (octet === openBrace || octet === openBracket) {
        this.#count();
        this.#levels.push({ list: octet === openBracket, name: null, expectsName: octet === openBrace });
      } else if (octet === closeBrace || octet === closeBracket) this.#levels.pop();
      else if (octet === comma) {
        this.#count();
        const level = this.#levels.at(-1);
        if (level !== undefined) level.expectsName = !level.list;
      }
    }
    this.#keep(piece.subarray(from, at));
    if (at === piece.length) return at;
    this.#begin();
    return at + 1;
  }

  #count(): void {
    if (++this.#values > mostValues) {
      const text = `JSON has more than ${mostValues} values`;
      const details = { body: `has more than ${mostValues} values` };
      throw new HttpFailure(400, "InputValidationError", text, { details, headers: { Connection: "close" } });
    }
  }

  #begin(): void {
    this.#inString = true;
    const level = this.#levels.at(-1);
    if (level?.expectsName) {
      level.expectsName = false;
      this.#nameAt = this.#rest.length + 1;
    } else if (this.#large.size > 0 && this.#large.has(this.#place())) {
      this.#text = new Blocks();
      return;
    }
    this.#keep(oneQuote);
  }

  #place(): string {
    if (this.#levels.length > deepest) return "";
    return this.#levels.map(({ list, name }) => (list ? "*" : name)).join(".");
  }

  /** Inside a string; answers where it ends, or the end of the piece. */
  #inside(piece: Uint8Array, from: number): number {
    let at = from;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    let end = at;
    // By hand: in text that is full of escapes there is not much to be passed over.
    while (end < piece.length && piece[end] !== quote) end += piece[end] === backslash ? 2 : 1;
    if (end >= piece.length) {
      this.#escaped = end > piece.length;
      this.#take(piece.subarray(from));
      return piece.length;
    }
    this.#take(piece.subarray(from, end));
    this.#finish();
    return end + 1;
  }

  #take(octets: Uint8Array): void {
    if (this.#text === null) this.#keep(octets);
    else this.#text.add(octets);
  }

  #finish(): void {
    this.#inString = false;
    if (this.#text !== null) {
      const name = `${this.#secret}.${this.#texts.size}`;
      this.#texts.set(name, this.#text.blocks);
      this.#text = null;
      this.#keep(Buffer.from(`"${name}"`));
      return;
    }
    if (this.#nameAt >= 0) {
      const level = this.#levels.at(-1)!;
      level.name = nameOf(this.#rest.view(this.#nameAt));
      this.#nameAt = -1;
    }
    this.#keep(oneQuote);
  }

  #keep(octets: Uint8Array): void {
    if (this.#rest.length + octets.length > mostOctets) {
      const text = `JSON has more than ${mostOctets} bytes beside the texts of a message`;
      throw new HttpFailure(413, "RequestTooBig", text, { headers: { Connection: "close" } });
    }
    this.#rest.add(octets);
  }
}

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const oneQuote = Uint8Array.of(quote);
/** Large texts stand no deeper, and their places have no longer names (each letter may be written as \uXXXX). */
const deepest = 4;
const longestName = 200;

function nameOf(octets: Buffer): string | null {
  if (octets.length > longestName) return null;
  try {
    return JSON.parse(`"${octets.toString("utf8")}"`);
  } catch {
    return null;
  }
}
