import { describe, expect, test } from "bun:test";
import { mayUse, type Principal } from "./principal.ts";
import { anyOf, rootTokenLookup, tokenOf } from "./token.ts";

const url = (query = "") => new URL(`http://localhost/users${query}`);

describe("tokenOf", () => {
  test.each([
    ["?accessToken=q", {}, "q"],
    ["", { "x-access-token": "h" }, "h"],
    ["", { authorization: "Bearer b" }, "b"],
    ["", { authorization: "bearer  b " }, "b"],
    ["?accessToken=q", { "x-access-token": "h", authorization: "Bearer b" }, "q"],
    ["?accessToken=", { authorization: "Bearer b" }, "b"],
    ["", { authorization: "Basic cm9vdDpyb290" }, null],
    ["", {}, null],
  ])("%s %j is %j", (query, headers, expected) => {
    expect(tokenOf(url(query), new Headers(headers as Record<string, string>))).toBe(expected);
  });
});

describe("rootTokenLookup", () => {
  test("knows its token and no other", async () => {
    const lookup = rootTokenLookup("secret");
    expect(await lookup("secret", "192.0.2.1")).toEqual({ kind: "root" });
    for (const guess of ["", "secre", "secret ", "Secret", "secretsecret"])
      expect(await lookup(guess, "192.0.2.1")).toBeNull();
  });

  test("refuses to serve with an empty token", () => {
    expect(() => rootTokenLookup("")).toThrow("empty");
  });
});

test("anyOf asks in turn", async () => {
  const user: Principal = { kind: "user", account: "0123456789abcdef01234567" as never };
  const lookup = anyOf(rootTokenLookup("root"), async (token) => (token === "mine" ? user : null));
  expect(await lookup("root", "192.0.2.1")).toEqual({ kind: "root" });
  expect(await lookup("mine", "192.0.2.1")).toEqual(user);
  expect(await lookup("other", "192.0.2.1")).toBeNull();
});

describe("mayUse", () => {
  const alice: Principal = { kind: "user", account: "aaaaaaaaaaaaaaaaaaaaaaaa" as never };
  const own = { may: "read", what: "messages", whose: "own" } as const;
  const any = { may: "read", what: "users", whose: "any" } as const;

  test("gives users what is theirs and nothing else", () => {
    expect(mayUse(alice, own, "aaaaaaaaaaaaaaaaaaaaaaaa")).toBe(true);
    expect(mayUse(alice, own, "bbbbbbbbbbbbbbbbbbbbbbbb")).toBe(false);
    expect(mayUse(alice, own, null)).toBe(false);
    expect(mayUse(alice, any, "aaaaaaaaaaaaaaaaaaaaaaaa")).toBe(false);
    expect(mayUse(alice, "anyone", null)).toBe(true);
  });

  test("gives root everything", () => {
    expect(mayUse({ kind: "root" }, any, null)).toBe(true);
  });
});
