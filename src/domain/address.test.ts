import { describe, expect, test } from "bun:test";
import { addressView, splitAddress, usernameView } from "./address.ts";

const view = (address: string): string => addressView(address, "mail.example");

describe("addressView", () => {
  test("case, dots and +detail do not tell two mailboxes apart", () => {
    for (const address of [
      "ann.lee@b.example",
      "AnnLee@B.EXAMPLE",
      "annlee+lists@b.example",
      "a.n.n.lee+a+b@b.example",
    ]) {
      expect(view(address)).toBe("annlee@b.example");
    }
    expect(view("ann-lee@b.example")).not.toBe("annlee@b.example");
  });

  test("a name without a domain belongs to this server", () => {
    expect(view("Ann")).toBe("ann@mail.example");
    expect(view("ann+lists")).toBe("ann@mail.example");
  });

  test("a domain is the same in Unicode and as DNS spells it (RFC 5890 §2.3.2.1)", () => {
    for (const address of ["jürgen@grüße.example", "JÜRGEN@xn--gre-6ka8l.example", "ju\u0308rgen@GRÜẞE.example"]) {
      expect(view(address)).toBe("jürgen@grüße.example");
    }
  });

  test("what is no domain name stays what it is", () => {
    expect(view("ann@[127.0.0.1]")).toBe("ann@[127.0.0.1]");
    expect(view("a@b@c.example")).toBe("a@b@c.example");
  });

  test("a local part in quotes is what stands between them", () => {
    expect(view('"ann.lee"@b.example')).toBe("annlee@b.example");
    expect(view('"ann+odd folder"@b.example')).toBe("ann@b.example");
    expect(view('"a\\nn+\\"x\\" \\\\"@b.example')).toBe("ann@b.example");
    expect(view('"ann+odd folder"')).toBe("ann@mail.example");
    expect(splitAddress('"ann+odd@folder"@b.example', "")).toEqual({
      local: "ann",
      detail: "odd@folder",
      domain: "b.example",
    });
    expect(splitAddress('"a@b"@c.example', "")).toEqual({ local: "a@b", detail: null, domain: "c.example" });
    expect(view('" ann"@b.example')).not.toBe("ann@b.example");
    for (const unclosed of ['"ann@b.example', '"ann"x@b.example', 'x"ann"@b.example', '"ann\\"@b.example'])
      expect(view(unclosed)).not.toBe("ann@b.example");
  });

  test("a + at the beginning is no detail", () => {
    expect(splitAddress("+ann@b.example", "")).toEqual({ local: "+ann", detail: null, domain: "b.example" });
    expect(view("+ann@b.example")).toBe("+ann@b.example");
  });
});

test("usernameView is the address's view where there is a domain, else the name without case and dots", () => {
  expect(usernameView(" Ann.Lee ")).toBe("annlee");
  expect(usernameView("Ann.Lee@xn--gre-6ka8l.example")).toBe("annlee@grüße.example");
});
