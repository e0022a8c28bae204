import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../random.ts";
import type { DiskOperation } from "./disk-log.ts";
import { DiskModel } from "./disk-model.ts";

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true });
});

/** What the disk holds after these, with none or all of what was not synced: null for a file that is not there. */
function after(operations: readonly DiskOperation[], kept: number, path: string): string | null {
  const model = new DiskModel(new Map([["old", Buffer.from("old")]]), ["in"]);
  for (const operation of operations) model.apply(operation);
  const root = mkdtempSync(join(tmpdir(), "eider-disk-"));
  made.push(root);
  model.writeTo(root, new Random(1), kept);
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, "latin1") : null;
}
const write = (path: string, text: string, at: number | "end" = "end"): DiskOperation => ({
  kind: "write",
  path,
  at,
  bytes: Buffer.from(text),
});
const synced = (path: string): DiskOperation[] => [
  { kind: "sync begins", path, by: "1" },
  { kind: "synced", path, by: "1" },
];
const create = (path: string): DiskOperation => ({ kind: "create", path, emptied: false });

test("bytes are there once an fsync that began behind them has ended, and not before", () => {
  expect(after([write("old", "new", 0)], 0, "old")).toBe("old");
  expect(after([write("old", "new", 0), ...synced("old")], 0, "old")).toBe("new");
  const [begins, ends] = synced("old") as [DiskOperation, DiskOperation];
  expect(after([begins, write("old", "new", 0), ends], 0, "old")).toBe("old");
  expect(after([write("old", "new", 0), begins], 0, "old")).toBe("old");
});

test("a name is there once its directory was synced, whatever became of the bytes", () => {
  const file = [create("in/a"), write("in/a", "text"), ...synced("in/a")];
  expect(after(file, 0, "in/a")).toBeNull();
  expect(after([...file, ...synced("in")], 0, "in/a")).toBe("text");
  expect(after([create("in/a"), write("in/a", "text"), ...synced("in")], 0, "in/a")).toBe("");
  const renamed: DiskOperation = { kind: "rename", path: "old", to: "in/b" };
  expect(after([renamed], 0, "old")).toBe("old");
  expect(after([renamed], 1, "old")).toBeNull();
  expect(after([renamed, ...synced("in")], 0, "in/b")).toBe("old");
  expect(after([{ kind: "unlink", path: "old" }], 0, "old")).toBe("old");
  expect(after([{ kind: "unlink", path: "old" }, ...synced("")], 0, "old")).toBeNull();
});

test("a directory that was not synced into its parent takes its files along", () => {
  const inside = [
    { kind: "mkdir", path: "d" } as const,
    create("d/a"),
    write("d/a", "text"),
    ...synced("d/a"),
    ...synced("d"),
  ];
  expect(after(inside, 0, "d/a")).toBeNull();
  expect(after([...inside, ...synced("")], 0, "d/a")).toBe("text");
});
