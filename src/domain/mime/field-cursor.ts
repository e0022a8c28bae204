const htab = 9;
const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const quote = 34;
const open = 40;
const close = 41;
const backslash = 92;

/**
 * Reads a structured header field (RFC 5322 §3.2, RFC 2045 §5.1) from left to right. Takes any text: whatever is not
 * in the grammar is handed out as it is or passed over, and every step moves on.
 */
export class FieldCursor {
  at = 0;
  /** The last comment passed over, without its parentheses and escapes. */
  comment = "";
  /** A parenthesis has been met that nothing closes. */
  unclosed = false;

  constructor(readonly text: string) {}

  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** The next character, or "" at the end. */
  peek(): string {
    return this.text.charAt(this.at);
  }

  /** Passes over white space and comments (CFWS). True if there was any. */
  skipBlank(): boolean {
    const from = this.at;
    for (;;) {
      const char = this.text.charCodeAt(this.at);
      if (char === open) this.skipComment();
      else if (isBlank(char)) this.at++;
      else return this.at > from;
    }
  }

  /** Passes over a comment, and what is nested in it; the cursor is on its first parenthesis. False: nothing closes it. */
  skipComment(): boolean {
    const from = this.at + 1;
    let depth = 0;
    let escaped = false;
    for (; this.at < this.text.length; this.at++) {
      const char = this.text.charCodeAt(this.at);
      if (char === backslash) {
        this.at++;
        escaped = true;
      } else if (char === open) depth++;
      else if (char === close && --depth === 0) break;
    }
    const closed = this.at < this.text.length;
    const text = this.text.slice(from, this.at);
    this.comment = escaped ? text.replace(/\\(.)/gs, "$1") : text;
    this.at = Math.min(this.at + 1, this.text.length);
    if (!closed) this.unclosed = true;
    return closed;
  }

  /** Passes over white space alone. */
  skipSpace(): void {
    while (this.at < this.text.length && isBlank(this.text.charCodeAt(this.at))) this.at++;
  }

  /** Takes `char` if it comes next. */
  take(char: string): boolean {
    if (this.text.charAt(this.at) !== char) return false;
    this.at++;
    return true;
  }

  /** A quoted-string without its quotes and escapes; the cursor is on its first quote. An unclosed one ends the field. */
  quoted(): string {
    let value = "";
    let from = ++this.at;
    for (; this.at < this.text.length; this.at++) {
      const char = this.text.charCodeAt(this.at);
      if (char === quote) break;
      if (char !== backslash || this.at + 1 >= this.text.length) continue;
      value += this.text.slice(from, this.at);
      from = ++this.at;
    }
    value += this.text.slice(from, this.at);
    this.at++;
    return value;
  }

  /**
   * A domain-literal, `[…]`, without the blanks in it; the cursor is on its bracket. One that is not closed ends where
   * the address does: none of `,;>` can be in it.
   */
  domainLiteral(): string {
    let literal = "";
    for (;;) {
      literal += this.run("],;>");
      if (this.take("]")) return `${literal}]`;
      if (this.done || !isBlank(this.text.charCodeAt(this.at))) return literal;
      this.skipSpace();
    }
  }

  /** The longest run of characters that are neither blank nor in `stops`. */
  run(stops: string): string {
    const from = this.at;
    for (; this.at < this.text.length; this.at++) {
      if (isBlank(this.text.charCodeAt(this.at)) || stops.includes(this.text.charAt(this.at))) break;
    }
    return this.text.slice(from, this.at);
  }

  /** Leaves the cursor on the next one of `stops`, or at the end; those in quoted strings and comments do not count. */
  skipTo(stops: string): void {
    while (!this.done && !stops.includes(this.peek())) {
      const char = this.text.charCodeAt(this.at);
      if (char === quote) this.quoted();
      else if (char === open) this.skipComment();
      else this.at++;
    }
  }
}

function isBlank(char: number): boolean {
  return char === space || char === htab || char === carriageReturn || char === lineFeed;
}
