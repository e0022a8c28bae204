import type { ByteRange, Part } from "./anatomy.ts";
import { charsetDecoder } from "./charset.ts";
import { decodeParameter } from "./decode-parameter.ts";
import { HtmlText } from "./html-text.ts";
import { transferDecoder } from "./transfer-decoder.ts";

/** What of a part decides how its text is read. */
export type TextFacts = Pick<Part, "type" | "subtype" | "params" | "encoding">;

/** Reads the body of a text part, in chunks of any size, as Unicode: transfer encoding, charset and HTML undone. */
export class PartText {
  readonly #transfer;
  readonly #charset;
  readonly #html: HtmlText | null;

  /** `html`: "strip" leaves only what is to be read of text/html; "keep" answers its source. */
  constructor(part: TextFacts, html: "strip" | "keep") {
    this.#transfer = transferDecoder(part.encoding);
    this.#charset = charsetDecoder(decodeParameter(part.params, "charset") ?? "");
    this.#html = html === "strip" && isHtml(part) ? new HtmlText() : null;
  }

  write(bytes: Uint8Array): string {
    return this.#shown(this.#charset.write(this.#transfer.write(bytes)));
  }

  end(): string {
    const text = this.#shown(this.#charset.write(this.#transfer.end()) + this.#charset.end());
    return this.#html === null ? text : text + this.#html.end();
  }

  #shown(text: string): string {
    return this.#html === null ? text : this.#html.write(text);
  }
}

/** The text of a whole body; see PartText. */
export function decodeText(body: Uint8Array, part: TextFacts, html: "strip" | "keep"): string {
  const text = new PartText(part, html);
  return text.write(body) + text.end();
}

/** Where a message has text to be searched: the body of a text part, the header of an embedded message, or that of a part. */
export type TextPiece = ByteRange & { readonly kind: "header" | "partHeader" | "text"; readonly part: Part };

/**
 * The pieces of a message that SEARCH BODY looks at, in order: bodies of text/* and of message/* that are not looked
 * into (delivery-status and the like), and headers of embedded messages. Attachments of other types are not among
 * them, so their bytes need not be read.
 *
 * @param partHeaders also the headers of parts, at which SEARCH TEXT looks (RFC 9051 §6.4.4: "including MIME header fields")
 */
export function textPieces(root: Part, partHeaders = false): readonly TextPiece[] {
  const pieces: TextPiece[] = [];
  const visit = (part: Part): void => {
    if (partHeaders && part.kind === "multipart") {
      for (const child of part.children) {
        pieces.push({ ...child.header, kind: "partHeader", part: child });
        visit(child);
      }
      return;
    }
    if (part.kind === "message") pieces.push({ ...part.children[0]!.header, kind: "header", part: part.children[0]! });
    if (part.kind === "leaf" && (part.type === "text" || part.type === "message")) {
      pieces.push({ ...part.body, kind: "text", part });
    }
    part.children.forEach(visit);
  };
  visit(root);
  return pieces.filter((piece) => piece.end > piece.start);
}

export function isHtml(part: Pick<Part, "type" | "subtype">): boolean {
  return part.type === "text" && part.subtype === "html";
}
