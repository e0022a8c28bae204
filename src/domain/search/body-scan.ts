import type { Anatomy, ByteRange } from "../mime/anatomy.ts";
import { decodeParameter } from "../mime/decode-parameter.ts";
import { eachField } from "../mime/each-field.ts";
import { decodeHeaderText } from "../mime/encoded-words.ts";
import { PartText, type TextPiece, textPieces } from "../mime/text.ts";
import type { ColumnRow, Needles, Test } from "./evaluate.ts";
import { foldHeaderText, type HeaderText } from "./header-text.ts";
import { TextFinder } from "./text-finder.ts";
import type { Verdict } from "./verdict.ts";

/** Larger writes are decoded piece by piece, so that memory does not grow with them. */
const blockSize = 256 * 1024;
/** Of the header of an embedded message or of a part, so much is searched. */
const maxHeader = 1024 * 1024;

/**
 * Looks at one message's body, in as many reads as the caller likes. `ranges` says which bytes of the message there are
 * to look at, in order; those of other attachments are not among them. A match never reaches from one range into the
 * next.
 */
export class BodyScan {
  readonly ranges: readonly ByteRange[];
  readonly #pieces: readonly TextPiece[];
  readonly #finder: TextFinder;
  readonly #partHeaderFinder: TextFinder;
  readonly #needles: Needles;
  readonly #test: Test;
  readonly #row: ColumnRow;
  readonly #header: HeaderText;
  #piece = -1;
  #text: PartText | null = null;
  #headerBytes: Uint8Array[] = [];
  #headerSize = 0;
  #ended = false;

  constructor(test: Test, needles: Needles, row: ColumnRow, header: HeaderText, anatomy: Anatomy) {
    this.#test = test;
    this.#needles = needles;
    this.#row = row;
    this.#header = header;
    this.#finder = new TextFinder(needles.body);
    this.#partHeaderFinder = new TextFinder(needles.partHeader);
    this.#pieces = textPieces(anatomy.root, needles.partHeader.length > 0);
    this.ranges = this.#pieces;
  }

  /**
   * The next bytes of the range with this index; ranges in order, each in any number of writes. An answer other than
   * null is final: nothing more need be read.
   */
  write(range: number, bytes: Uint8Array): Verdict {
    if (range !== this.#piece) this.#next(range);
    let news = false;
    for (let at = 0; at < bytes.length; at += blockSize) {
      const block = bytes.subarray(at, at + blockSize);
      if (this.#text !== null) news = this.#finder.write(this.#text.write(block)) || news;
      else this.#keepHeader(block);
      if (this.#text !== null && this.#finder.done) break;
    }
    return news ? this.#verdict() : null;
  }

  /** All ranges have been written. */
  end(): boolean {
    this.#finish();
    this.#ended = true;
    return this.#verdict() === true;
  }

  #next(range: number): void {
    this.#finish();
    this.#piece = range;
    const piece = this.#pieces[range]!;
    this.#text = piece.kind === "text" ? new PartText(piece.part, "strip") : null;
  }

  #finish(): void {
    if (this.#text !== null) {
      this.#finder.write(this.#text.end());
      this.#finder.end();
    } else if (this.#headerSize > 0) {
      const { kind, part } = this.#pieces[this.#piece]!;
      const finder = kind === "header" ? this.#finder : this.#partHeaderFinder;
      const look = (text: string): void => {
        finder.write(kind === "header" ? text : foldHeaderText(text));
        finder.end();
      };
      for (const { name, value } of eachField(Buffer.concat(this.#headerBytes))) {
        look(`${name}: ${decodeHeaderText(value)}`);
      }
      // A file's name as people know it, whatever its encoding.
      if (kind === "partHeader") {
        look(decodeParameter(part.params, "name") ?? "");
        look(decodeParameter(part.disposition?.params ?? [], "filename") ?? "");
      }
    }
    this.#text = null;
    this.#headerBytes = [];
    this.#headerSize = 0;
  }

  #keepHeader(bytes: Uint8Array): void {
    if (this.#headerSize >= maxHeader) return;
    // A copy: the caller may use its buffer again.
    this.#headerBytes.push(new Uint8Array(bytes));
    this.#headerSize += bytes.length;
  }

  #verdict(): Verdict {
    return this.#test({
      row: this.#row,
      header: this.#header,
      bodyHas: (needle) => this.#has(this.#finder, this.#needles.body.indexOf(needle)),
      partHeaderHas: (needle) => this.#has(this.#partHeaderFinder, this.#needles.partHeader.indexOf(needle)),
    });
  }

  #has(finder: TextFinder, needle: number): Verdict {
    if (finder.found(needle)) return true;
    return this.#ended ? false : null;
  }
}
