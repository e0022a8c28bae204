import fc from "fast-check";
import type { MailboxId, MessageId } from "../ids.ts";
import type { Account } from "./account.ts";
import type { AccountCommand, MailboxRef } from "./commands.ts";
import { runsOfRanges } from "./uid-runs.ts";

/** Commands as clients might send them, few enough names and numbers that they meet. Only for tests. */

let counter = 0;
export function freshId(): MailboxId & MessageId {
  counter++;
  return counter.toString(16).padStart(24, "0") as MailboxId & MessageId;
}

const paths = ["INBOX", "inbox", "A", "B", "A/x", "/A/x/y/", "B/z", "Trash", "INBOX/k", "Inbox/k", "", "A//b"];
const path = fc.constantFrom(...paths);
const flag = fc.constantFrom(
  "\\Seen",
  "\\Deleted",
  "\\Flagged",
  "\\Answered",
  "\\Draft",
  "work",
  "Work",
  "$Forwarded",
  "k1",
  "k2",
);
const flags = fc.uniqueArray(flag, { maxLength: 4, selector: (name) => name.toLowerCase() });
const ref: fc.Arbitrary<MailboxRef> = fc.oneof(
  { weight: 9, arbitrary: fc.record({ path }) },
  { weight: 1, arbitrary: fc.constant({ specialUse: "\\Trash" as const }) },
);
const ids = () => Array.from({ length: 4 }, freshId);

/** Which mailbox to restore from is only known when the history is run: see `bound`. */
const anyDeparted = fc.integer({ min: 0, max: 5 }).map((nth) => `#${nth}` as MailboxId);

/** The command with a mailbox that messages have departed from, where it is about one. */
export function bound(command: AccountCommand, account: Account): AccountCommand {
  if (command.kind !== "restore" || !command.from.startsWith("#")) return command;
  const known = [...account.departed.mailboxes.keys()];
  const from = known[Number(command.from.slice(1)) % Math.max(known.length, 1)];
  return { ...command, from: from ?? ("f".repeat(24) as MailboxId) };
}

export function uidRuns(most: number): fc.Arbitrary<readonly number[]> {
  return fc
    .array(fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 0, max: Math.ceil(most / 4) })), {
      maxLength: 3,
    })
    .map((pairs) => runsOfRanges(pairs.map(([first, more]) => [first, first + more] as const)));
}

/** One command; UIDs up to `most` and a little beyond. */
export function anyCommand(most: number): fc.Arbitrary<AccountCommand> {
  const uids = uidRuns(most);
  const size = fc.integer({ min: 0, max: 200 });
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(ref, flags, size, fc.integer({ min: -1e11, max: 4.4e12 })).map(
        ([mailbox, given, bytes, internalDate]): AccountCommand => ({
          kind: "append",
          mailbox,
          flags: given,
          internalDate,
          message: freshId(),
          content: [{ kind: "inline", index: 0, size: bytes }],
        }),
      ),
    },
    {
      weight: 5,
      arbitrary: fc.record(
        {
          kind: fc.constant("changeFlags" as const),
          mailbox: ref,
          uids,
          change: fc.constantFrom("add" as const, "remove" as const, "replace" as const),
          flags,
          unchangedSince: fc.integer({ min: 0, max: 30 }),
        },
        { requiredKeys: ["kind", "mailbox", "uids", "change", "flags"] },
      ),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constantFrom("copy" as const, "move" as const), mailbox: ref, uids, to: ref }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("expunge" as const),
        mailbox: ref,
        uids: fc.oneof(uids, fc.constant("all" as const)),
        which: fc.constantFrom("deleted" as const, "any" as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(path, fc.boolean()).map(
        ([name, subscribe]): AccountCommand => ({
          kind: "createMailbox",
          path: name,
          subscribe,
          ids: ids(),
          at: 1_700_000_000_000,
        }),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(ref, path, fc.boolean()).map(
        ([from, to, subscribe]): AccountCommand => ({
          kind: "renameMailbox",
          from,
          path: to,
          subscribe,
          ids: ids(),
          at: 1_700_000_000_000,
        }),
      ),
    },
    { weight: 1, arbitrary: ref.map((mailbox): AccountCommand => ({ kind: "deleteMailbox", mailbox })) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("restore" as const),
        from: anyDeparted,
        uids: fc.oneof(uids, fc.constant("all" as const)),
        to: ref,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 0, max: 20 }).map((through): AccountCommand => ({ kind: "forget", through })),
    },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 0, max: 3000 }).map((bytes): AccountCommand => ({ kind: "setQuota", bytes })),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom("subscribe" as const, "unsubscribe" as const),
        path: path.filter((name) => name !== "" && name !== "A//b"),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("setSpecialUse" as const),
        mailbox: ref,
        specialUse: fc.constantFrom(null, "\\Trash" as const, "\\Sent" as const),
      }),
    },
  );
}

/** How every account begins. */
export function opening(quota = 0): AccountCommand {
  return {
    kind: "openAccount",
    quota,
    at: 1_700_000_000_000,
    mailboxes: [
      { id: freshId(), path: "INBOX", specialUse: null },
      { id: freshId(), path: "Trash", specialUse: "\\Trash" },
    ],
  };
}
