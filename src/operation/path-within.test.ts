import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import fc from "fast-check";
import { openWithin, PathLeaves, pathWithin } from "./path-within.ts";

let parent: string;
let root: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), "eider-within-"));
  root = join(parent, "root");
  mkdirSync(join(root, "inside"), { recursive: true });
  writeFileSync(join(parent, "outside"), "outside");
  writeFileSync(join(root, "inside", "file"), "inside");
  symlinkSync(join(parent, "outside"), join(root, "link"));
  symlinkSync(join(root, "inside"), join(root, "shortcut"));
  symlinkSync(join(parent, "nowhere"), join(root, "dangling"));
  symlinkSync(root, join(parent, "alias"));
});
afterAll(() => rmSync(parent, { recursive: true }));

test("a name below is a path below, whether there is something or not", () => {
  expect(pathWithin(root, "inside/file")).toBe(join(root, "inside", "file"));
  expect(pathWithin(root, "not/there")).toBe(join(root, "not", "there"));
  expect(pathWithin(root, "..hidden/a..b/...")).toBe(join(root, "..hidden", "a..b", "..."));
  expect(readFileSync(pathWithin(join(parent, "alias"), "inside/file"), "utf8")).toBe("inside");
});

test("a name that is none, or leads anywhere else, is refused", () => {
  const names = [
    "",
    "/",
    "/etc",
    "..",
    ".",
    "../outside",
    "inside/../../outside",
    "inside/..",
    "inside//file",
    "inside/",
    "a\0b",
  ];
  for (const name of names) expect(() => pathWithin(root, name)).toThrow(PathLeaves);
});

test("symbolic links below are not followed, wherever they lead", () => {
  for (const name of ["link", "shortcut", "shortcut/file", "dangling", "dangling/file"]) {
    expect(() => pathWithin(root, name)).toThrow(PathLeaves);
  }
});

test("whatever the name, the path stays below", () => {
  const level = fc.oneof(fc.constantFrom("..", ".", "", "inside", "a"), fc.string({ maxLength: 8 }));
  fc.assert(
    fc.property(fc.array(level, { maxLength: 6 }), (levels) => {
      let path: string;
      try {
        path = pathWithin(root, levels.join("/"));
      } catch (error) {
        expect(error).toBeInstanceOf(PathLeaves);
        return;
      }
      expect(relative(root, resolve(path))).not.toMatch(/^$|^\.\.(\/|$)|^\//);
    }),
  );
});

test("only plain files are opened", () => {
  closeSync(openWithin(root, "inside/file"));
  for (const name of ["inside", "link"]) expect(() => openWithin(root, name)).toThrow(PathLeaves);
  expect(() => openWithin(root, "inside/none")).toThrow("ENOENT");
});
