import { expect, test } from "bun:test";
import { DeliveryLedger } from "./delivery-ledger.ts";
import { FolderLedger } from "./folder-ledger.ts";
import type { Folder, Folders } from "./folder-model.ts";

const folder = (messages: Record<number, string>, uidNext: number, uidValidity = 5): Folder => ({
  uidValidity,
  uidNext,
  messages: new Map(Object.entries(messages).map(([uid, text]) => [Number(uid), { hash: text, flags: "" }])),
});
const seen = (folders: Record<string, Folder>): Folders => new Map(Object.entries(folders));

/** A ledger of two folders: `a` holds 1 and 2, `b` is empty. */
function ledger(): FolderLedger {
  const made = new FolderLedger();
  made.folders = seen({ a: folder({ 1: "x", 2: "y" }, 3), b: folder({}, 1, 6) });
  return made;
}
const move = {
  what: "move",
  leaves: { folder: "a", uids: [1, 2] },
  arrives: {
    folder: "b",
    messages: [
      { hash: "x", flags: "" },
      { hash: "y", flags: "" },
    ],
  },
};

test("a change in doubt happened whole or not at all", () => {
  for (const [after, right] of [
    [{ a: folder({ 1: "x", 2: "y" }, 3), b: folder({}, 1, 6) }, true],
    [{ a: folder({}, 3), b: folder({ 1: "x", 2: "y" }, 3, 6) }, true],
    [{ a: folder({ 2: "y" }, 3), b: folder({ 1: "x" }, 2, 6) }, false],
    [{ a: folder({ 1: "x", 2: "y" }, 3), b: folder({ 1: "x", 2: "y" }, 3, 6) }, false],
    [{ a: folder({}, 3), b: folder({}, 1, 6) }, false],
    [{ a: folder({}, 3), b: folder({ 1: "y", 2: "x" }, 3, 6) }, false],
  ] as const) {
    const held = ledger();
    held.attempt(move);
    expect(held.settle(seen(after)) === null).toBe(right);
  }
});

test("what was acknowledged happened; UIDs, UIDVALIDITY and UIDNEXT that were told stay", () => {
  const held = ledger();
  held.attempt(move);
  held.acknowledge({ uids: [1, 2] });
  expect(held.settle(seen({ a: folder({ 1: "x", 2: "y" }, 3), b: folder({}, 1, 6) }))).toContain(
    "folder a: 2 messages have arrived",
  );
  expect(held.settle(seen({ a: folder({}, 3), b: folder({ 2: "x", 3: "y" }, 4, 6) }))).toContain(
    "message 1 is missing",
  );
  expect(held.settle(seen({ a: folder({}, 3, 9), b: folder({ 1: "x", 2: "y" }, 3, 6) }))).toContain("UIDVALIDITY");
  expect(held.settle(seen({ a: folder({}, 3), b: folder({ 1: "x", 2: "z" }, 3, 6) }))).toContain("other bytes");
  expect(held.settle(seen({ a: folder({}, 3), b: folder({ 1: "x", 2: "y", 3: "y" }, 4, 6) }))).toContain("arrived");
  expect(held.settle(seen({ a: folder({}, 3), b: folder({ 1: "x", 2: "y" }, 3, 6) }))).toBeNull();
});

test("deliveries: once, the same bytes, and nothing that nobody sent; a QUIT removes all or nothing", () => {
  const inbox = (messages: Record<number, [string, string?]>, uidNext: number) => ({
    uidValidity: 1,
    uidNext,
    messages: new Map(
      Object.entries(messages).map(([uid, [name, text = name]]) => [
        Number(uid),
        { name, ending: (length: number) => text.slice(-length) },
      ]),
    ),
  });
  const held = new DeliveryLedger();
  for (const name of ["a", "b", "c"]) held.attempt({ name, text: name, hash: "" });
  held.delivered("a");
  held.delivered("b");
  expect(held.settle(inbox({ 1: ["a"] }, 2)).join()).toContain("b was acknowledged and is missing");
  expect(held.settle(inbox({ 1: ["a"], 2: ["b"], 3: ["b"] }, 4)).join()).toContain("there twice");
  const good = new DeliveryLedger();
  for (const name of ["a", "b", "c"]) good.attempt({ name, text: name, hash: "" });
  good.delivered("a");
  good.delivered("b");
  expect(good.settle(inbox({ 1: ["a"], 2: ["b"], 3: ["c"] }, 4))).toEqual([]);
  expect(good.settle(inbox({ 1: ["a", "z"], 2: ["b"], 3: ["c"] }, 4)).join()).toContain("other bytes");
  expect(good.settle(inbox({ 1: ["a"], 2: ["b"], 4: ["c"] }, 5)).join()).toContain("c was UID 3 and is 4");
  expect(good.settle(inbox({ 1: ["a"], 2: ["b"], 5: ["q"] }, 6)).join()).toContain("nobody sent");
  good.remove(["a", "b"]);
  expect(good.settle(inbox({ 2: ["b"] }, 6)).join()).toContain("of 2 messages that one QUIT removes 1 are left");
});
