/**
 * TypeScript source with everything blank that is no code: comments, strings, templates and regular expressions keep
 * their length. Beside it the regular expressions that stood there.
 */
export function codeOf(source: string): { readonly code: string; readonly regexps: readonly RegExp[] } {
  const code = [...new Array<string>(source.length)];
  const regexps: RegExp[] = [];
  /** Braces open in each `${…}` of a template that is being read. */
  const templates: number[] = [];
  let before = ""; // the last character of code that was no blank
  let word = ""; // the word it ended
  let at = 0;
  const blank = (to: number): void => {
    for (; at < to; at++) code[at] = source[at] === "\n" ? "\n" : " ";
  };
  const template = (): void => {
    let to = at;
    for (; to < source.length; to++) {
      if (source[to] === "\\") to++;
      else if (source[to] === "`") {
        blank(to + 1);
        before = '"';
        return;
      } else if (source[to] === "$" && source[to + 1] === "{") {
        blank(to + 2);
        templates.push(0);
        before = "{";
        return;
      }
    }
    blank(to);
  };
  while (at < source.length) {
    const character = source[at]!;
    if (source.startsWith("//", at)) blank(ending(source, "\n", at) - 1);
    else if (source.startsWith("/*", at)) blank(ending(source, "*/", at + 2));
    else if (character === '"' || character === "'") {
      let to = at + 1;
      while (to < source.length && source[to] !== character) to += source[to] === "\\" ? 2 : 1;
      blank(to + 1);
      before = '"';
      word = "";
    } else if (character === "`") {
      blank(at + 1);
      template();
      word = "";
    } else if (character === "}" && templates.at(-1) === 0) {
      templates.pop();
      blank(at + 1);
      template();
    } else if (character === "/" && (before === "" || "(,=:[!&|?{};+".includes(before) || word === "return")) {
      const found = /^\/((?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[\n])+)\/([a-z]*)/.exec(source.slice(at));
      if (found) {
        regexps.push(new RegExp(found[1]!, found[2]));
        blank(at + found[0].length);
        before = '"';
        word = "";
      } else code[at] = source[at++]!;
    } else {
      if (templates.length > 0 && character === "{") templates[templates.length - 1]!++;
      if (templates.length > 0 && character === "}") templates[templates.length - 1]!--;
      code[at] = character;
      if (/\S/.test(character)) {
        word = /\w/.test(character)
          ? (/\w/.test(before) && /\w/.test(source[at - 1] ?? "") ? word : "") + character
          : "";
        before = character;
      }
      at++;
    }
  }
  return { code: code.join(""), regexps };
}

function ending(source: string, text: string, from: number): number {
  const at = source.indexOf(text, from);
  return at < 0 ? source.length : at + text.length;
}
