import { expect, test } from "bun:test";
import { withoutComments } from "./without-comments.ts";

test("withoutComments leaves quotes and angle brackets alone", () => {
  expect(withoutComments('(a (b)) "x (y)" (c\\)d)<https://x/(a)>(e)')).toBe('  "x (y)"  <https://x/(a)> ');
  expect(withoutComments("x (open")).toBe("x  ");
  expect(withoutComments("<x (open")).toBe("<x (open");
});
