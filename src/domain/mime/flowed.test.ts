import { expect, test } from "bun:test";
import { unflow } from "./flowed.ts";

test("unflow joins what was divided, as deep as it is quoted, and leaves signatures (RFC 3676 §4)", () => {
  expect(unflow("one \ntwo\nthree\n", false)).toBe("one two\nthree\n");
  expect(unflow(">> deep \n>> er \n> less \nnone \n-- \nme", false)).toBe(">> deep er \n> less \nnone \n-- \nme");
  expect(unflow(" From stuffed\n  two\n>  x", false)).toBe("From stuffed\n two\n>  x");
  expect(unflow("日 \n本 \n語", true)).toBe("日本語");
  expect(unflow("", false)).toBe("");
});
