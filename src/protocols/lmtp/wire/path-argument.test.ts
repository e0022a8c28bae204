import { expect, test } from "bun:test";
import { readPathArgument } from "./path-argument.ts";

const sender = (line: string) => readPathArgument("MAIL FROM", line, "host.example");
const recipient = (line: string) => readPathArgument("RCPT TO", line, "host.example");

test("readPathArgument reads address and parameters", () => {
  expect(sender("mail from:<Bob@Example.com> SIZE=12 BODY=8BITMIME smtputf8")).toEqual({
    address: "Bob@Example.com",
    args: { SIZE: "12", BODY: "8BITMIME", SMTPUTF8: true },
  });
  expect(sender("MAIL FROM: <a@b>")?.address).toBe("a@b");
});

test("readPathArgument takes the null sender, and no null recipient", () => {
  expect(sender("MAIL FROM:<>")?.address).toBe("");
  expect(recipient("RCPT TO:<>")).toBeNull();
});

test("readPathArgument gives a recipient without a domain the server's", () => {
  expect(recipient("RCPT TO:<Postmaster>")?.address).toBe("Postmaster@host.example");
  expect(recipient("RCPT TO:<demo+news>")?.address).toBe("demo+news@host.example");
  expect(sender("MAIL FROM:<root>")).toBeNull();
});

test("readPathArgument skips a source route and leaves a domain as it is spelt", () => {
  expect(recipient("RCPT TO:<@one.example,@two.example:a@b.example>")?.address).toBe("a@b.example");
  expect(recipient("RCPT TO:<a@xn--mnchen-3ya.example>")?.address).toBe("a@xn--mnchen-3ya.example");
  expect(recipient("RCPT TO:<jürgen@münchen.example>")?.address).toBe("jürgen@münchen.example");
});

test("readPathArgument reads quoted local parts", () => {
  expect(sender('MAIL FROM:<"a b>"@c.example> SIZE=1')).toEqual({ address: '"a b>"@c.example', args: { SIZE: "1" } });
  expect(recipient('RCPT TO:<"john.doe"@c.example>')?.address).toBe('"john.doe"@c.example');
  expect(recipient('RCPT TO:<"ann+odd folder">')?.address).toBe('"ann+odd folder"@host.example');
  expect(recipient('RCPT TO:<"a\\"b@c"@c.example>')?.address).toBe('"a\\"b@c"@c.example');
});

test("readPathArgument accepts what other servers have let through", () => {
  for (const address of [
    "a..b@c.example",
    ".a.@c.example",
    "a@under_score.example",
    "a@[192.0.2.1]",
    "o'x/y=z@c.example",
  ]) {
    expect(sender(`MAIL FROM:<${address}>`)?.address).toBe(address);
  }
});

test("readPathArgument reports a parameter given twice", () => {
  expect(sender("MAIL FROM:<a@b> SIZE=1 size=2")?.duplicate).toBe("SIZE");
});

for (const line of [
  "MAIL",
  "MAIL FROM a@b",
  "MAIL FROM:a@b",
  "MAIL FROM:<a@b",
  "MAIL FROM:<a@b>SIZE=1",
  "MAIL FROM:<a b@c>",
  "MAIL FROM:<a@b@c>",
  "MAIL FROM:<@b>",
  "MAIL FROM:<a@>",
  "MAIL FROM:<a\0@b>",
  "MAIL FROM:<a\r@b>",
  "MAIL FROM:<a\ufffd@b>",
  "MAIL FROM:<a\u200b@b>",
  'MAIL FROM:<"a@b>',
  'MAIL FROM:<"a"b@c>',
  "MAIL FROM:<a@b> =1",
  `MAIL FROM:<${"a".repeat(600)}@b>`,
  "RCPT TO:<a@b>",
]) {
  test(`readPathArgument refuses ${JSON.stringify(line).slice(0, 60)}`, () => expect(sender(line)).toBeNull());
}
