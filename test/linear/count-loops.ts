import { codeOf } from "./code-of.ts";

/**
 * The same source, in which each round of each loop calls `step()`. What is no loop (a method of an array, say) is
 * counted by metered-builtins.ts. Line numbers stay.
 */
export function countLoops(source: string, step = "globalThis.countStep()"): string {
  const { code } = codeOf(source);
  const inserts: { readonly at: number; readonly text: string }[] = [];
  for (const { 0: head, index } of code.matchAll(/(?<![\w.#$])(?:for(?: await)? \(|while \(|do \{)/g)) {
    if (head === "do {") {
      inserts.push({ at: index + head.length, text: `${step};` });
      continue;
    }
    const body = nextCode(code, closing(code, index + head.length - 1) + 1);
    if (code[body] === "{") inserts.push({ at: body + 1, text: `${step};` });
    // The end of a `do … while (…);`, whose rounds are counted at its beginning.
    else if (code[body] === ";") continue;
    else {
      inserts.push({ at: body, text: `{${step};` });
      inserts.push({ at: endOfStatement(code, body), text: "}" });
    }
  }
  inserts.sort((a, b) => a.at - b.at);
  let counted = "";
  let at = 0;
  for (const insert of inserts) {
    counted += source.slice(at, insert.at) + insert.text;
    at = insert.at;
  }
  return counted + source.slice(at);
}

const openers = "([{";
const closers = ")]}";

/** Where the bracket closes that opens at `from`. */
function closing(code: string, from: number): number {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    if (openers.includes(code[at]!)) depth++;
    else if (closers.includes(code[at]!) && --depth === 0) return at;
  }
  throw new Error(`Cannot count loops: a bracket is never closed, at ${from}`);
}

function nextCode(code: string, from: number): number {
  let at = from;
  while (/\s/.test(code[at]!)) at++;
  return at;
}

/** Behind a statement that is the body of a loop and no block itself. */
function endOfStatement(code: string, from: number): number {
  let at = from;
  if (/^(?:if|for|while) /.test(code.slice(from, from + 6))) {
    const body = nextCode(code, closing(code, code.indexOf("(", from)) + 1);
    at = code[body] === "{" ? closing(code, body) + 1 : endOfStatement(code, body);
    const rest = nextCode(code, at);
    if (!/^else\b/.test(code.slice(rest, rest + 5))) return at;
    const other = nextCode(code, rest + 4);
    return code[other] === "{" ? closing(code, other) + 1 : endOfStatement(code, other);
  }
  for (; at < code.length; at++) {
    if (openers.includes(code[at]!)) at = closing(code, at);
    else if (code[at] === ";") return at + 1;
  }
  throw new Error(`Cannot count loops: a statement never ends, at ${from}`);
}
