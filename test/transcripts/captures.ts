/** Values that `$name` stands for in one transcript. */
export class Captures {
  readonly #values = new Map<string, string>();

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  /** `text` with every known `$name` replaced. */
  fill(text: string): string {
    return text.replace(namePattern, (whole, name: string) => this.#values.get(name) ?? whole);
  }

  /** `text` with values long enough to be told from others by sight replaced by their names. */
  unfill(text: string): string {
    let result = text;
    for (const [name, value] of this.#values) if (value.length >= 6) result = result.replaceAll(value, `$${name}`);
    return result;
  }

  /** Whether `heard` is what `expected` says; takes values for names that have none yet. */
  matches(expected: string, heard: string): boolean {
    const fresh: string[] = [];
    const source = expected
      .split(/(\$[a-z]\w*)/)
      .map((piece) => {
        const name = /^\$([a-z]\w*)$/.exec(piece)?.[1];
        if (name === undefined) return escaped(piece);
        const known = this.#values.get(name);
        if (known !== undefined) return escaped(known);
        if (fresh.includes(name)) return `\\k<${name}>`;
        fresh.push(name);
        return `(?<${name}>[^\\s()\\[\\]"]+)`;
      })
      .join("");
    const match = new RegExp(`^${source}$`, "s").exec(heard);
    if (match === null) return false;
    for (const name of fresh) this.#values.set(name, match.groups![name]!);
    return true;
  }
}

/** Keywords like $Forwarded begin with a capital and are meant as they are. */
const namePattern = /\$([a-z]\w*)/g;

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
