/**
 * Finds the line (from 1) of every table header and key in a TOML text that a TOML parser has accepted. Names are
 * joined by dots: `imap.port`. Keys inside inline tables are not listed; their table is.
 */
export function tomlLines(source: string): Map<string, number> {
  const lines = new Map<string, number>();
  let table = "";
  let at = 0;
  while (at < source.length) {
    const end = endOfStatement(source, at);
    const statement = source.slice(at, end).trim();
    const line = lineOf(source, at + (source.slice(at, end).length - source.slice(at, end).trimStart().length));
    if (statement.startsWith("[")) {
      table = keyPath(statement.replace(/^\[+/, "")).join(".");
      note(table, line);
    } else if (statement !== "" && !statement.startsWith("#")) {
      note([...(table === "" ? [] : [table]), ...keyPath(statement)].join("."), line);
    }
    at = end + 1;
  }
  return lines;

  function note(name: string, line: number) {
    if (!lines.has(name)) lines.set(name, line);
  }
}

/** Where the statement that begins at `start` ends: a line break outside of strings and brackets. */
function endOfStatement(source: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < source.length) {
    const char = source[at];
    if (char === "#") at = lineEnd(source, at);
    else if (char === '"' || char === "'") at = endOfString(source, at);
    else if (char === "\n" && depth <= 0) return at;
    else {
      if (char === "[" || char === "{") depth += 1;
      if (char === "]" || char === "}") depth -= 1;
      at += 1;
    }
  }
  return source.length;
}

/** The position behind the string that begins at `start`. */
function endOfString(source: string, start: number): number {
  const quote = source[start]!;
  const fence = source.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
  let at = start + fence.length;
  while (at < source.length && !source.startsWith(fence, at)) at += quote === '"' && source[at] === "\\" ? 2 : 1;
  at += fence.length;
  // Up to two quotes may stand before the closing three.
  while (fence.length === 3 && source[at] === quote) at += 1;
  return at;
}

/** `a."b c".d = 1` → ["a", "b c", "d"] */
function keyPath(statement: string): string[] {
  const parts: string[] = [];
  const part = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.)?/y;
  for (let found = part.exec(statement); found; found = part.exec(statement)) {
    parts.push(found[1] ?? found[2] ?? found[3] ?? "");
    if (!found[4]) break;
  }
  return parts;
}

function lineOf(source: string, offset: number): number {
  let line = 1;
  for (let at = source.indexOf("\n"); at !== -1 && at < offset; at = source.indexOf("\n", at + 1)) line += 1;
  return line;
}

function lineEnd(source: string, start: number): number {
  const end = source.indexOf("\n", start);
  return end === -1 ? source.length : end;
}
