import { expect, test } from "bun:test";
import { namesMeant } from "./names-meant.ts";

test("reference and pattern together are spelt as a name is", () => {
  expect(namesMeant("", "Work/")("Work")).toBe(true);
  expect(namesMeant("", "/Work")("Work")).toBe(true);
  expect(namesMeant("/", "*")("Work/2026")).toBe(true);
  expect(namesMeant("Work/", "%")("Work/2026")).toBe(true);
  expect(namesMeant("Work", "/%")("Work/2026")).toBe(true);
  expect(namesMeant("Inbox/", "%")("INBOX/x")).toBe(true);
  expect(namesMeant("", "Gru\u0308n*")("Gr\u00fcn/x")).toBe(true);
  expect(namesMeant("", "/")("Work")).toBe(false);
});

test("what is no name means none", () => {
  expect(namesMeant(null, "*")("INBOX")).toBe(false);
  expect(namesMeant("", null)("INBOX")).toBe(false);
});
