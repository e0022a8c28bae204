import { expect, test } from "bun:test";
import fc from "fast-check";
import { HtmlText } from "./html-text.ts";

function text(html: string, size = html.length || 1): string {
  const reader = new HtmlText();
  let out = "";
  for (let at = 0; at < html.length; at += size) out += reader.write(html.slice(at, at + size));
  return out + reader.end();
}

test("HtmlText leaves what is to be read", () => {
  expect(text("<p>Hello <b>wo</b>rld</p><p>next&nbsp;line</p>").trim()).toBe("Hello world next line");
  expect(
    text(
      "<html><head><title>t</title><style>a > b {}</style></head><body>seen<script>if (a<b) x()</script>!</body>",
    ).trim(),
  ).toBe("seen!");
  expect(text("a<!-- not <b> this -->b")).toBe("ab");
  expect(text("<!DOCTYPE html><?xml version='1'?>x").trim()).toBe("x");
  expect(text("one<br>two<br/>three\n\n  four")).toBe("one two three four");
  expect(text("<head><body>unclosed head").trim()).toBe("unclosed head");
});

test("HtmlText replaces character references, and leaves what is none", () => {
  expect(text("caf&eacute; &#233; &#xE9; &lt;b&gt; &amp;amp; &unknown; AT&T &euro;5")).toBe(
    "café é é <b> &amp; &unknown; AT&T €5",
  );
  expect(text("&#0;&#x110000;&#xD800;")).toBe("\ufffd\ufffd\ufffd");
});

test("HtmlText keeps a '<' that begins no tag", () => {
  expect(text("1 < 2 <3 a<")).toBe("1 < 2 <3 a<");
});

test("HtmlText gives the same for any chunks", () => {
  const pieces = fc.constantFrom(
    "<p>",
    "</p>",
    "<b",
    ">",
    "<",
    "&eacute;",
    "&eac",
    "ute;",
    "&",
    ";",
    "<!--",
    "-->",
    "--",
    "<style>",
    "</style>",
    "<script",
    "</script>",
    "text",
    " ",
    "\n",
    "&#233;",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 25 }), fc.integer({ min: 1, max: 9 }), (some, size) => {
      const html = some.join("");
      expect(text(html, size)).toBe(text(html));
    }),
    { numRuns: 2000 },
  );
});

test("HtmlText in lines ends them where the text is divided, and says where links lead", () => {
  const lines = (html: string) => {
    const text = new HtmlText("lines");
    return text.write(html) + text.end();
  };
  expect(lines("<style>p{}</style><h1>Hi  there</h1>\n<p>one<br>two <b>three</b></p><ul><li>a<li>b</ul>")).toBe(
    "Hi there\none\ntwo three\na\nb\n",
  );
  expect(
    lines(`<a class=x href="https://x.example/?a=1&amp;b=2">here</a>, <a href='#top'>up</a> <a href=mailto:a@b>x</a>`),
  ).toBe("here [https://x.example/?a=1&b=2], up x [mailto:a@b]");
  expect(lines(`<a href="javascript:x()">x</a><a href="http://never">`)).toBe("x");
});
