import { expect, test } from "bun:test";
import { weaknessOf } from "./password.ts";

test.each([
  ["Password123", /first that are tried/],
  ["alice2024", /made of the address/],
  ["alice.example", /made of the address/],
  ["k3v9x7q", /fewer than 10/],
  ["aaaaaaaaaaaa", /repeats/],
  ["abcdefghijkl", /neighbouring/],
  ["98765432100".slice(0, 10), /neighbouring/],
])("%j is weak", (password, why) => {
  expect(weaknessOf(password, "alice@example.com")).toMatch(why);
});

test.each(["correct horse battery", "k3v9-x7qm-2wfz-9apt", "ünïcödé wörds"])("%j is not", (password) => {
  expect(weaknessOf(password, "alice@example.com")).toBeNull();
});
