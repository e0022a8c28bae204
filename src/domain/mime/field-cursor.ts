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
  /** The last comment passed over, without its parentheses. */
  comment = "";

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
    for (; this.at < this.text.length; this.at++) {
      const char = this.text.charCodeAt(this.at);
      if (char === open) this.#skipComment();
      else if (!isBlank(char)) break;
    }
    return this.at > from;
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

  /** The longest run of characters that are neither blank nor in `stops`. */
  run(stops: string): string {
    const from = this.at;
    for (; this.at < this.text.length; this.at++) {
      if (isBlank(this.text.charCodeAt(this.at)) || stops.includes(this.text.charAt(this.at))) break;
    }
    return this.text.slice(from, this.at);
  }

  /** Leaves the cursor on the next one of `stops`, or at the end; those in quoted strings do not count. */
  skipTo(stops: string): void {
    while (!this.done && !stops.includes(this.peek())) {
      if (this.peek() === '"') this.quoted();
      else this.at++;
    }
  }

  #skipComment(): void {
    const from = this.at + 1;
    let depth = 0;
    for (; this.at < this.text.length; this.at++) {
      const char = this.text.charCodeAt(this.at);
      if (char === backslash) this.at++;
      else if (char === open) depth++;
      else if (char === close && --depth === 0) break;
    }
    this.comment = this.text.slice(from, this.at);
  }
}

function isBlank(char: number): boolean {
  return char === space || char === htab || char === carriageReturn || char === lineFeed;
}
