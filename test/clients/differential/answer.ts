/** A value of an IMAP answer: what a quoted string and a literal hold alike is one thing, an atom another (RFC 3501 §4). */
export type Value = { readonly string: string } | { readonly atom: string } | readonly Value[];

/** The values of one answer line whose literals stand in it as they came, `{3}\r\nabc`. */
export function parseAnswer(line: string): readonly Value[] {
  const reader = new Reader(line);
  const values = reader.values("");
  return values;
}

class Reader {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  values(end: "" | ")"): Value[] {
    const values: Value[] = [];
    while (this.#at < this.#line.length) {
      const next = this.#line[this.#at];
      if (next === " ") this.#at += 1;
      else if (next === ")" && end === ")") {
        this.#at += 1;
        return values;
      } else values.push(this.#value());
    }
    if (end !== "") throw new Error(`A list has no end: ${this.#line}`);
    return values;
  }

  #value(): Value {
    const rest = this.#line.slice(this.#at);
    if (rest[0] === "(") {
      this.#at += 1;
      return this.values(")");
    }
    const quoted = /^"((?:[^"\\\r\n]|\\["\\])*)"/.exec(rest);
    if (quoted) {
      this.#at += quoted[0].length;
      return { string: quoted[1]!.replace(/\\(.)/g, "$1") };
    }
    const literal = /^\{(\d+)\}\r\n/.exec(rest);
    if (literal) {
      const start = this.#at + literal[0].length;
      this.#at = start + Number(literal[1]);
      return { string: this.#line.slice(start, this.#at) };
    }
    const atom = /^(?:\[[^\]]*\]|[^ ()[\]"{])+/.exec(rest);
    if (!atom) throw new Error(`Neither an atom nor a string: ${rest.slice(0, 40)}`);
    this.#at += atom[0].length;
    return { atom: atom[0] };
  }
}

/** The answer as one text in which only differences that mean something are left: letter case of atoms, order where none is promised. */
export function normalised(line: string): string {
  const code = /^(OK|NO|BAD|BYE) (?:\[(\S+) ?([^\]]*)\])?/.exec(line);
  if (code) return `${code[1]} [${codeOf(code[2], code[3]!)}]`;
  const values = parseAnswer(line);
  const kind = word(values[1]);
  if (kind === "FETCH") return `${word(values[0])} FETCH ${pairs(values[2])}`;
  const first = word(values[0]);
  if (first === "STATUS") return `STATUS ${name(values[1])} ${pairs(values[2])}`;
  if (first === "SEARCH") return `SEARCH ${values.slice(1).map(print).sort(byNumber).join(" ")}`;
  if (first === "LIST" || first === "LSUB") {
    const attributes = sorted(values[1], first === "LSUB" ? /SUBSCRIBED|NOSELECT|HAS/ : /./);
    return `${first} ${attributes} ${print(values[2]!)} ${name(values[3])} ${values.slice(4).map(print).join(" ")}`.trimEnd();
  }
  if (first === "FLAGS") return `FLAGS ${sorted(values[1])}`;
  return values.map(print).join(" ");
}

function codeOf(name: string | undefined, its: string): string {
  if (name === "UIDVALIDITY" || name === "HIGHESTMODSEQ") return name;
  if (name === "COPYUID") return `${name} ${its.replace(/^\d+/, "")}`;
  if (name === "PERMANENTFLAGS") return `${name} ${its.slice(1, -1).split(" ").sort().join(" ")}`;
  return `${name ?? ""} ${its}`;
}

const byNumber = (one: string, other: string): number => Number(one) - Number(other);

function word(value: Value | undefined): string {
  return value !== undefined && "atom" in value ? value.atom.toUpperCase() : "";
}

/** A mailbox name: an atom says what a string says. */
function name(value: Value | undefined): string {
  if (value === undefined || Array.isArray(value)) return "?";
  const text = "string" in value ? value.string : (value as { atom: string }).atom;
  return JSON.stringify(text.toUpperCase() === "INBOX" ? "INBOX" : text);
}

function sorted(value: Value | undefined, wanted = /./): string {
  if (!Array.isArray(value)) return "?";
  const printed = value.map(print).filter((one) => wanted.test(one));
  return `(${printed.sort().join(" ")})`;
}

/** `(name value name value)`, sorted by name; what differs by nature is left out. */
function pairs(value: Value | undefined): string {
  if (!Array.isArray(value)) return "?";
  const printed: string[] = [];
  for (let at = 0; at < value.length; at += 2) {
    const key = print(value[at]!);
    const its = value[at + 1]!;
    if (key === "UIDVALIDITY" || key === "HIGHESTMODSEQ" || key === "MODSEQ") printed.push(key);
    // A part that is not there: both are in use.
    else if (key.startsWith("BODY[") && print(its) === '""') printed.push(`${key} NIL`);
    else printed.push(`${key} ${key === "FLAGS" ? sorted(its) : print(its)}`);
  }
  return printed.sort().join(" ");
}

function print(value: Value): string {
  if (Array.isArray(value)) return `(${value.map(print).join(" ")})`;
  return "string" in value ? JSON.stringify(value.string) : (value as { atom: string }).atom.toUpperCase();
}
