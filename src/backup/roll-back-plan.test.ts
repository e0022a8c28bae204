import { describe, expect, test } from "bun:test";
import type { MailboxId, MessageId } from "../domain/ids.ts";
import { type LiveFolder, planRollBack } from "./roll-back-plan.ts";
import type { WantedFolder } from "./wanted-folders.ts";

/** `a` is a message without flags, `a:\\Seen` one with. */
function wanted(path: string, ...messages: string[]): WantedFolder {
  return {
    path,
    specialUse: null,
    messages: messages.map((text) => {
      const [message, flag] = text.split(":");
      return { message: message as MessageId, flags: flag ? [flag] : [], internalDate: 0 };
    }),
  };
}
function live(path: string, ...messages: string[]): LiveFolder {
  return {
    id: `id of ${path}` as MailboxId,
    path,
    specialUse: null,
    messages: wanted(path, ...messages).messages.map(({ message, flags }, at) => ({ uid: at + 1, message, flags })),
  };
}
const box = (path: string) => ({ id: `id of ${path}` as MailboxId });

describe("planRollBack", () => {
  test("is empty where everything is as wanted, in whatever order", () => {
    expect(planRollBack([wanted("INBOX", "a", "b:\\Seen")], [live("INBOX", "b:\\Seen", "a")])).toEqual({
      create: [],
      bring: [],
      change: [],
    });
  });

  test("messages in their place stay; what is elsewhere is moved, what is wanted twice copied, what is nowhere brought", () => {
    const plan = planRollBack(
      [wanted("INBOX", "a", "b", "c"), wanted("Sent", "a")],
      [live("INBOX", "a", "late"), live("Sent"), live("Trash", "b")],
    );
    expect(plan.create).toEqual([]);
    expect(plan.bring.map(({ message, folder }) => [message, folder])).toEqual([["c" as MessageId, "INBOX"]]);
    expect(plan.change).toEqual([
      { kind: "move", mailbox: box("Trash"), uids: [1, 1], to: { path: "INBOX" } },
      { kind: "copy", mailbox: box("INBOX"), uids: [1, 1], to: { path: "Sent" } },
      { kind: "expunge", mailbox: box("INBOX"), uids: [2, 2], which: "any" },
      { kind: "deleteMailbox", mailbox: box("Trash") },
    ]);
  });

  test("flags are set together where they are the same; INBOX is never deleted, inferiors go before superiors", () => {
    const plan = planRollBack(
      [wanted("A", "x:\\Seen", "y:\\Seen", "z")],
      [live("A", "x", "y", "z:$k"), live("INBOX", "q"), live("B"), live("B/C")],
    );
    expect(plan.change).toEqual([
      { kind: "changeFlags", mailbox: box("A"), uids: [1, 2], change: "replace", flags: ["\\Seen"] },
      { kind: "changeFlags", mailbox: box("A"), uids: [3, 3], change: "replace", flags: [] },
      { kind: "expunge", mailbox: box("INBOX"), uids: [1, 1], which: "any" },
      { kind: "deleteMailbox", mailbox: box("B/C") },
      { kind: "deleteMailbox", mailbox: box("B") },
    ]);
  });

  test("a folder that is missing is made, its messages brought", () => {
    const plan = planRollBack([wanted("INBOX"), wanted("New", "a")], [live("INBOX")]);
    expect(plan.create.map(({ path }) => path)).toEqual(["New"]);
    expect(plan.bring.map(({ folder }) => folder)).toEqual(["New"]);
    expect(plan.change).toEqual([]);
  });
});
