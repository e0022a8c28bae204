import { expect, test } from "bun:test";
import { headersWanted, parseHeader } from "./listing-headers.ts";

test("parseHeader unfolds fields, and lists those that are there several times", () => {
  const header = Buffer.from("Received: a\r\n\tb\r\nReceived: c\r\nList-ID: <x.example>\r\nbroken\r\n: none\r\n\r\n");
  expect(parseHeader(header)).toEqual({ received: ["a\tb", "c"], "list-id": "<x.example>" });
});

test("parseHeader keeps a field called __proto__ a field", () => {
  expect(Object.keys(parseHeader(Buffer.from("__proto__: x\r\n\r\n")))).toEqual(["__proto__"]);
});

test("headersWanted reads a list of names, and words for all and none", () => {
  expect(headersWanted("List-ID, MIME-Version")).toEqual(["List-ID", "MIME-Version"]);
  for (const all of [true, "true", "1"]) expect(headersWanted(all)).toBe("all");
  for (const none of [false, "false", "", " , "]) expect(headersWanted(none)).toBeNull();
  expect(() => headersWanted("a:b")).toThrow("header names");
  expect(() => headersWanted("a\r\nb")).toThrow("header names");
});
