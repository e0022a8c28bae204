import type { Account } from "../../domain/account/account.ts";
import { printChecksum } from "../../domain/account/checksum.ts";
import { checksumFromScratch } from "../../domain/account/evolve.ts";
import { PartNames, unpackAccount } from "../../domain/account/snapshot.ts";
import type { State } from "../../store/state.ts";
import type { Find } from "./finding.ts";

type Found = NonNullable<Awaited<ReturnType<State["loadSnapshot"]>>>;

/** Holds a snapshot against `past`, the account that the log makes at its entry (null: the log begins later). */
export function verifySnapshot(found: Found, past: Account | null, find: Find): void {
  const wrong = (text: string): void => find("snapshot", text, { kind: "snapshot" });
  try {
    const { account: head } = JSON.parse(Buffer.from(found.head).toString()) as { account: string };
    const account = unpackAccount(head, found.parts, new PartNames());
    if (account.seq !== found.seq) return wrong(`it says entry ${found.seq} outside and ${account.seq} inside`);
    const expected = printChecksum(past?.checksum ?? account.checksum);
    if (printChecksum(checksumFromScratch(account)) !== expected) {
      return wrong(`its rows are not those of the log at entry ${found.seq}`);
    }
    if (past === null) return;
    // What the checksum does not cover.
    for (const counter of ["quota", "used", "lastUidValidity"] as const) {
      if (account[counter] !== past[counter]) {
        wrong(`its ${counter} is ${account[counter]}, and ${past[counter]} by the log at entry ${found.seq}`);
      }
    }
    const [kept, told] = [account, past].map(({ subscriptions }) => [...subscriptions].sort().join("\n"));
    if (kept !== told) wrong(`its subscriptions are not those of the log at entry ${found.seq}`);
  } catch (error) {
    wrong(`it cannot be read: ${(error as Error).message}`);
  }
}

/** The sums an account carries, against its rows. */
export function verifySums(account: Account, find: Find): void {
  let used = 0;
  for (const mailbox of account.mailboxes.values()) {
    let size = 0;
    for (const { fixed, length } of mailbox.chunks) for (let at = 0; at < length; at++) size += fixed.size[at]!;
    if (size !== mailbox.size) find("quota", `mailbox ${mailbox.path} counts ${mailbox.size} bytes and holds ${size}`);
    used += size;
  }
  if (used !== account.used) find("quota", `${account.used} bytes are counted as used, and ${used} are`);
}
