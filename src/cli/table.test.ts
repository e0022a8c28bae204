import { expect, test } from "bun:test";
import { list, table } from "./table.ts";

test("columns are as wide as their widest cell, also of wide characters", () => {
  expect(
    table(
      ["A", "B"],
      [
        ["x", "1"],
        ["漢字", "2"],
      ],
    ),
  ).toBe("A     B\nx     1\n漢字  2\n");
});

test("what a user has in a name cannot speak to the terminal", () => {
  expect(table(["A"], [["\u001b[2J\n\u009b"]])).toBe("A\n\\u001b[2J\\u000a\\u009b\n");
  expect(
    list([
      ["Name", "a\rb"],
      ["I", "c"],
    ]),
  ).toBe("Name  a\\u000db\nI     c\n");
});
