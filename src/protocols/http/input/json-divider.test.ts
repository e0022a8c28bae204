import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type DividedJson, JsonDivider, mostOctets, mostValues } from "./json-divider.ts";

const large = ["text", "attachments.*.content"];

/** Divides a JSON text that comes in pieces of so many octets. */
function divide(json: string, octets = json.length || 1): DividedJson {
  const divider = new JsonDivider(large, "secret");
  const bytes = new TextEncoder().encode(json);
  for (let at = 0; at < bytes.length; at += octets) divider.write(bytes.subarray(at, at + octets));
  return divider.end();
}

/** The value with its texts where they were. */
function whole({ rest, texts }: DividedJson): unknown {
  return JSON.parse(rest.toString("utf8"), (_, value) => {
    const text = typeof value === "string" ? texts.get(value) : undefined;
    return text === undefined ? value : JSON.parse(`"${Buffer.concat(text).toString("utf8")}"`);
  });
}

describe("JsonDivider", () => {
  test("takes out the texts that stand where large ones may, however they are spelt", () => {
    const divided = divide(
      '{"text":"a\\"b\\\\","html":"kept","\\u0074ext":"again","to":[{"text":"kept"}],"attachments":[{"content":"1"},{"x":["no"],"content":"2"}]}',
    );
    expect(JSON.parse(divided.rest.toString())).toEqual({
      text: "secret.1",
      html: "kept",
      to: [{ text: "kept" }],
      attachments: [{ content: "secret.2" }, { x: ["no"], content: "secret.3" }],
    });
    expect([...divided.texts.values()].map((text) => Buffer.concat(text).toString())).toEqual([
      'a\\"b\\\\',
      "again",
      "1",
      "2",
    ]);
  });

  test("any JSON, in pieces of any size, is what it was", () => {
    const content = fc.record({ content: fc.string({ unit: "binary" }), size: fc.nat() });
    const value = fc.record(
      {
        text: fc.string({ unit: "binary" }),
        attachments: fc.array(content),
        other: fc.jsonValue(),
        [String.raw`te\xt"`]: fc.string(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(value, fc.integer({ min: 1, max: 40 }), fc.boolean(), (value, octets, spaced) => {
        const json = JSON.stringify(value, null, spaced ? 2 : 0);
        const divided = divide(json, octets);
        expect(whole(divided)).toEqual(JSON.parse(json));
        const texts = (value.text === undefined ? 0 : 1) + (value.attachments?.length ?? 0);
        expect(divided.texts.size).toBe(texts);
      }),
      { numRuns: 500 },
    );
  });

  test("any octets are divided without an error", () => {
    const pieces = fc.constantFrom("{", "}", "[", "]", '"', "\\", ",", ":", "text", '"text":', "1", " ", "\u00e9");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), (some, octets) => {
        const json = some.join("");
        const divided = divide(json, octets);
        // Where it is JSON, so is what is left of it, and the other way round.
        const reads = (read: () => unknown): boolean => {
          try {
            read();
            return true;
          } catch {
            return false;
          }
        };
        if (divided.texts.size === 0) expect(reads(() => whole(divided))).toBe(reads(() => JSON.parse(json)));
      }),
      { numRuns: 1000 },
    );
  });

  test("only its texts may be large", () => {
    const much = "x".repeat(mostOctets + 1);
    expect(Buffer.concat(divide(`{"text":"${much}"}`, 10_000).texts.get("secret.0")!)).toHaveLength(mostOctets + 1);
    for (const json of [`{"subject":"${much}"}`, `{"${much}":1}`, `{"text":"x"${" ".repeat(mostOctets)}}`]) {
      expect(() => divide(json, 10_000)).toThrow("beside the texts");
    }
  });

  test("it has many values, but not without end", () => {
    const many = (count: number) => `{"a":[${"{},".repeat((count - 2) / 2 - 1)}{}]}`;
    expect(divide(many(mostValues)).values).toBeLessThanOrEqual(mostValues);
    expect(() => divide(many(mostValues + 10))).toThrow("values");
  });
});
