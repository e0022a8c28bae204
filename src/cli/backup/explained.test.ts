import { expect, test } from "bun:test";
import { NoBackup } from "../../backup/damage.ts";
import { StoreUnavailable } from "../../store/log.ts";
import { CommandFailure } from "../failure.ts";
import { explained } from "./explained.ts";

const withCode = (code: string, fields: object = {}) => Object.assign(new Error("the reason"), { code, ...fields });
const sqlite = { name: "SQLiteError" };

for (const [error, advice] of [
  [withCode("ENOSPC", { syscall: "write" }), "make room"],
  [new StoreUnavailable("the reason", { full: true }), "make room"],
  [new StoreUnavailable("the reason"), "when the store is back"],
  [withCode("EROFS", { syscall: "open" }), "can be written to"],
  [withCode("EACCES", { syscall: "open" }), "as the user that the server runs as"],
  [withCode("SQLITE_READONLY", sqlite), "as the user that the server runs as"],
  [withCode("SQLITE_CANTOPEN", sqlite), "as the user that the server runs as"],
  [withCode("SQLITE_CORRUPT", sqlite), "`eider verify`"],
  [withCode("SQLITE_NOTADB", sqlite), "`eider verify`"],
  [withCode("ENOTDIR", { syscall: "scandir" }), "name another directory"],
] as const) {
  test(`${error.name} ${(error as { code?: string }).code ?? ""}: ${advice}`, () => {
    const said = explained("back up", error) as Error;
    expect(said).toBeInstanceOf(CommandFailure);
    expect(said.message).toStartWith("Cannot back up: ");
    expect(said.message).toContain("the reason");
    expect(said.message).toContain(advice);
  });
}

test("an empty directory helps a backup alone", () => {
  const advice = (action: string) => (explained(action, new NoBackup("none")) as Error).message;
  expect(advice("back up")).toEndWith("or an empty one");
  expect(advice("restore")).not.toContain("empty");
});

test("a fault of the program stays what it is", () => {
  const fault = new TypeError("x is undefined");
  expect(explained("back up", fault)).toBe(fault);
});
