import { decodeEntities, longestReference } from "./html-entities.ts";

/** Tags that do not divide a word. All others do. */
const inline = new Set(
  "a abbr acronym b bdi bdo big cite code em font i ins kbd mark q s samp script small span strike strong style sub sup tt u var wbr".split(
    " ",
  ),
);
/** Elements whose content is not for reading. */
const hidden = new Set(["script", "style", "head", "title", "noscript"]);
const longestTagName = 16;
/** White space that is not one space already. */
const foldable = / {2}|[^\S ]/;
const slash = 47;

/** What of a tag is looked at for where its link leads, and what is shown of it. */
const longestLink = 2_048;
const shownLink = /^(?:https?|mailto|ftp):/i;

/**
 * The readable text of HTML that comes in chunks of any size: without tags, comments, scripts and styles, character
 * references replaced, every run of white space one space. For searching and for showing the first words, not a
 * renderer: it takes any text and keeps only a few characters of it.
 *
 * With "lines" it is for reading: what divides text ends a line, and where a link leads stands behind it in brackets.
 */
export class HtmlText {
  /** Unread: what may be the beginning of a tag or of a character reference. */
  #rest = "";
  #inside: "text" | "tag" | "comment" = "text";
  /** Name of the hidden element we are in, or "". */
  #hidden = "";
  #blank = true;
  readonly #lines: boolean;
  /** Where the link that is open leads, or "". */
  #link = "";

  constructor(show: "words" | "lines" = "words") {
    this.#lines = show === "lines";
  }

  write(html: string): string {
    return this.#read(this.#rest + html, false);
  }

  end(): string {
    return this.#read(this.#rest, true);
  }

  #read(html: string, atEnd: boolean): string {
    let out = "";
    let at = 0;
    this.#rest = "";
    while (at < html.length) {
      if (this.#inside !== "text") {
        const close = this.#inside === "tag" ? ">" : "-->";
        const end = html.indexOf(close, at);
        if (end < 0) {
          this.#rest = this.#inside === "tag" ? "" : html.slice(Math.max(at, html.length - 2));
          return out;
        }
        this.#inside = "text";
        at = end + close.length;
        continue;
      }
      let open = html.indexOf("<", at);
      if (open < 0) open = html.length;
      let stop = open;
      if (open === html.length && !atEnd) {
        // A reference may go on in the next chunk.
        const reference = html.lastIndexOf("&");
        if (reference >= at && html.length - reference < longestReference && !html.includes(";", reference))
          stop = reference;
      }
      if (this.#hidden === "") out += this.#text(html.slice(at, stop));
      if (open === html.length) {
        this.#rest = html.slice(stop);
        return out;
      }
      if (!atEnd && html.length - open < longestTagName + 3 && !html.includes(">", open)) {
        this.#rest = html.slice(open);
        return out;
      }
      at = open + 1;
      out += this.#tag(html, open);
      if (this.#inside === "text" && this.#hidden === "") out += this.#text("<");
    }
    return out;
  }

  /** At a "<": tells what it begins, and answers the space it stands for. */
  #tag(html: string, open: number): string {
    if (this.#hidden === "" && html.startsWith("!--", open + 1)) {
      this.#inside = "comment";
      return "";
    }
    const closing = html.charCodeAt(open + 1) === slash;
    const name = tagName(html, closing ? open + 2 : open + 1);
    // Neither a tag, nor a declaration or the like, which is passed over as one.
    if (name === "" && !closing && !"!?".includes(html.charAt(open + 1) || "<")) return "";
    if (this.#hidden !== "") {
      // A head that was never closed does not hide the body.
      const ends = closing ? name === this.#hidden : this.#hidden === "head" && name === "body";
      if (!ends) return "";
      this.#hidden = "";
      this.#inside = "tag";
      return "";
    }
    this.#inside = "tag";
    if (!closing && hidden.has(name)) this.#hidden = name;
    if (this.#lines && name === "a") return closing ? this.#linkEnd() : this.#linkBegin(html, open);
    if (inline.has(name)) return "";
    return this.#lines ? this.#lineEnd() : this.#text(" ");
  }

  #linkBegin(html: string, open: number): string {
    const tag = html.slice(open, open + longestLink);
    const href = /\shref\s{0,9}=\s{0,9}(?:"([^">]*)"|'([^'>]*)'|([^\s>"']+))/i.exec(tag.slice(0, tag.indexOf(">") + 1));
    const link = decodeEntities(href?.[1] ?? href?.[2] ?? href?.[3] ?? "").trim();
    this.#link = shownLink.test(link) ? link : "";
    return "";
  }

  #linkEnd(): string {
    const link = this.#link;
    this.#link = "";
    if (link === "") return "";
    const text = `${this.#blank ? "" : " "}[${link}]`;
    this.#blank = false;
    return text;
  }

  #lineEnd(): string {
    if (this.#blank) return "";
    this.#blank = true;
    return "\n";
  }

  #text(raw: string): string {
    let text = decodeEntities(raw);
    if (foldable.test(text)) text = text.replace(/\s+/g, " ");
    if (this.#blank && text.startsWith(" ")) text = text.slice(1);
    if (text !== "") this.#blank = text.endsWith(" ");
    return text;
  }
}

/** The name that begins at `from`, lower case; "" where none does. */
function tagName(html: string, from: number): string {
  let at = from;
  for (; at < from + longestTagName; at++) {
    const char = html.charCodeAt(at) | 32;
    const letter = char >= 97 && char <= 122;
    const digit = char >= 48 && char <= 57;
    if (!letter && !(digit && at > from)) break;
  }
  return html.slice(from, at).toLowerCase();
}
