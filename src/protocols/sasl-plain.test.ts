import { expect, test } from "bun:test";
import { readSaslPlain } from "./sasl-plain.ts";

const read = (text: string) => readSaslPlain(Buffer.from(text).toString("base64"));

test("readSaslPlain reads user and password, UTF-8 and spaces included", () => {
  expect(read("\0jürgen\0pass wörd")).toEqual({ username: "jürgen", password: "pass wörd" });
  expect(read("a\0a\0b")).toEqual({ username: "a", password: "b" });
});

test("readSaslPlain lets nobody act as somebody else", () => {
  expect(read("admin\0a\0b")).toBeNull();
});

for (const text of ["", "\0", "\0\0", "\0a\0", "\0\0b", "a\0b", "\0a\0b\0c", "plain"]) {
  test(`readSaslPlain refuses ${JSON.stringify(text)}`, () => expect(read(text)).toBeNull());
}

test("readSaslPlain refuses what is not base64", () => {
  for (const text of ["AGEAY", "AGEA Yg==", "="]) expect(readSaslPlain(text)).toBeNull();
});

test("readSaslPlain says of a name or password that it is not UTF-8, and makes no other of it", () => {
  const base64 = (octets: string) => Buffer.from(octets, "latin1").toString("base64");
  expect(readSaslPlain(base64("\0ann\0gr\xfcn"))).toEqual({ username: "ann", password: null });
  expect(readSaslPlain(base64("\0\xff\0b"))).toEqual({ username: null, password: "b" });
  expect(readSaslPlain(base64("\xff\0ann\0b"))).toBeNull();
});
