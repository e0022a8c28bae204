import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { realClock } from "../../../actors/runtime/clock.ts";
import { HttpFailure } from "../failure.ts";
import { accountId, auditFields, flag, freeObject, integer, moment, pageSize, text, texts } from "./fields.ts";
import { bodyParams, checkParams, formParams, mergeParams } from "./params.ts";

const post = (body: string | null, type?: string) =>
  new Request("http://localhost/", { method: "POST", body, headers: type ? { "content-type": type } : {} });

/** The failure that `run` ends in. */
async function failureOf(run: () => unknown): Promise<HttpFailure> {
  try {
    await run();
  } catch (error) {
    if (error instanceof HttpFailure) return error;
    throw error;
  }
  throw new Error("It did not fail");
}

describe("fields", () => {
  test.each([
    ["true", true],
    ["YES", true],
    ["on", true],
    ["1", true],
    [1, true],
    ["n", false],
    ["Off", false],
    [0, false],
    ["", false],
  ])("flag reads %j as %j", (value, expected) => {
    expect(checkParams(z.object({ flag }), { flag: value })).toEqual({ flag: expected });
  });

  test("flag refuses what is no boolean", () => {
    expect(() => checkParams(z.object({ flag }), { flag: "maybe" })).toThrow('"flag" must be a boolean');
    expect(() => checkParams(z.object({ flag }), { flag: 2 })).toThrow('"flag" must be a boolean');
  });

  test("limit is 20 unless given, and from 1 to 250", () => {
    const schema = z.object({ limit: pageSize });
    expect(checkParams(schema, {})).toEqual({ limit: 20 });
    expect(checkParams(schema, { limit: "250" })).toEqual({ limit: 250 });
    for (const limit of ["0", "251", "1.5", "ten", {}, -1])
      expect(() => checkParams(schema, { limit })).toThrow("limit");
  });

  test("ids are 24 hex digits in any letter case", () => {
    const schema = z.object({ user: accountId });
    expect(checkParams(schema, { user: "0123456789ABCDEF01234567" })).toEqual({
      user: "0123456789abcdef01234567" as never,
    });
    for (const user of ["..", "0123456789abcdef0123456", "0123456789abcdef0123456g", ["x"]]) {
      expect(() => checkParams(schema, { user })).toThrow(/24 hexadecimal|must be a string/);
    }
  });

  test("dates are ISO 8601 or milliseconds", () => {
    const schema = z.object({ date: moment });
    const expected = { date: new Date(1_700_000_000_000) };
    for (const date of ["2023-11-14T22:13:20Z", 1_700_000_000_000, "1700000000000"]) {
      expect(checkParams(schema, { date })).toEqual(expected);
    }
    for (const date of ["", "soon", {}, "2023-99-99"]) expect(() => checkParams(schema, { date })).toThrow("date");
  });

  test("lists take one item, objects take their JSON", () => {
    const schema = z.object({ tags: texts(text(10), 3), metaData: freeObject });
    expect(checkParams(schema, { tags: "a", metaData: '{"a":1}' })).toEqual({ tags: ["a"], metaData: { a: 1 } });
    expect(() => checkParams(schema, { tags: ["a", "b", "c", "d"], metaData: {} })).toThrow("less than or equal to 3");
    expect(() => checkParams(schema, { tags: [], metaData: "[1]" })).toThrow("metaData");
  });

  test("ip is an address", () => {
    const schema = z.object(auditFields);
    expect(checkParams(schema, { ip: "2001:db8::1", sess: "s" })).toEqual({ ip: "2001:db8::1", sess: "s" });
    expect(() => checkParams(schema, { ip: "10.0.0.0/8" })).toThrow('"ip" must be an IP address');
  });
});

describe("checkParams", () => {
  test("names everything that is wrong, by its path", async () => {
    const schema = z.object({ a: integer(0), b: text(3), c: z.object({ d: flag }) });
    const failure = await failureOf(() => checkParams(schema, { a: "x", c: { d: "?" } }));
    expect(failure).toMatchObject({ status: 400, code: "InputValidationError" });
    expect(failure.more.details).toEqual({
      a: '"a" must be a number',
      b: '"b" is required',
      "c.d": '"c.d" must be a boolean',
    });
  });

  test("drops what nobody asked for", () => {
    expect(checkParams(z.object({ a: flag }), { a: true, b: 1 })).toEqual({ a: true });
  });
});

const room = (limit: number) => ({ limit, held: null, clock: realClock });

describe("params", () => {
  test("of a form: repeated is a list, empty is none", () => {
    expect(formParams(new URLSearchParams("a=1&a=2&b=&c=x&c="))).toEqual({ a: ["1", "2"], c: "x" });
  });

  test("of the path win over the query's, those over the body's", () => {
    expect(mergeParams({ a: 1 }, { a: 2, b: 2 }, { a: 3, b: 3, c: 3 })).toEqual({ a: 1, b: 2, c: 3 });
  });

  test("named like object internals touch no prototype", async () => {
    const { params: body } = await bodyParams(
      post('{"__proto__":{"admin":true},"constructor":1}', "application/json"),
      room(1000),
    );
    const merged = mergeParams({}, formParams(new URLSearchParams("__proto__=x")), body);
    expect((merged as { admin?: unknown }).admin).toBeUndefined();
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(checkParams(z.object({ admin: z.unknown().optional() }), merged)).toEqual({});
  });

  test("come as JSON, as a form, or not at all", async () => {
    expect((await bodyParams(post('{"a":1}', "application/json; charset=utf-8"), room(100))).params).toEqual({ a: 1 });
    expect((await bodyParams(post("a=1&b=x%20y", "application/x-www-form-urlencoded"), room(100))).params).toEqual({
      a: "1",
      b: "x y",
    });
    expect((await bodyParams(post(null), room(100))).params).toEqual({});
    expect((await bodyParams(post("  ", "application/json"), room(100))).params).toEqual({});
  });

  test.each([
    ["half an object", "{"],
    ["a list", "[1]"],
    ["null", "null"],
    ["a text", '"text"'],
    ["50,000 levels", "[".repeat(50_000)],
  ])("refuse the body that is %s", async (_, body) => {
    const failure = await failureOf(() => bodyParams(post(body, "application/json"), room(1_000_000)));
    expect(failure).toMatchObject({ status: 400, code: "InputValidationError" });
  });

  test("refuse other kinds of content, and too much of it", async () => {
    expect(await failureOf(() => bodyParams(post("<a/>", "application/xml"), room(100)))).toMatchObject({
      status: 415,
    });
    const big = post(`{"a":"${"x".repeat(200)}"}`, "application/json");
    expect(await failureOf(() => bodyParams(big, room(100)))).toMatchObject({ status: 413 });
  });

  test("are read no further than the limit where no length is announced", async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1000;
        controller.enqueue(new Uint8Array(1000).fill(32));
      },
    });
    const request = new Request("http://localhost/", { method: "POST", body: endless });
    expect(await failureOf(() => bodyParams(request, room(10_000)))).toMatchObject({
      status: 413,
      code: "RequestTooBig",
    });
    expect(sent).toBeLessThan(100_000);
  });
});

describe("formParams", () => {
  test("gathers what is named again, in its order, and leaves out what is empty", () => {
    const form = new URLSearchParams("a=1&b=&c=x&a=2&__proto__=y&a=&a=3&c=");
    expect(Object.entries(formParams(form))).toEqual([
      ["a", ["1", "2", "3"]],
      ["c", "x"],
      ["__proto__", "y"],
    ]);
  });

  test("takes many parameters, but not without end", async () => {
    const many = (count: number) =>
      new URLSearchParams(Array.from({ length: count }, (): [string, string] => ["a", "1"]));
    expect(formParams(many(1_000)).a).toHaveLength(1_000);
    expect((await failureOf(() => formParams(many(1_001)))).status).toBe(400);
  });
});
