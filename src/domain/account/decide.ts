import { type Account, isOpen } from "./account.ts";
import { atOnce } from "./at-once.ts";
import type { AccountCommand } from "./commands.ts";
import { forget, restore } from "./decide-departed.ts";
import {
  createMailbox,
  deleteMailbox,
  openAccount,
  renameMailbox,
  setSpecialUse,
  subscribe,
  unsubscribe,
} from "./decide-mailboxes.ts";
import { append, changeFlags, copyOrMove, expunge } from "./decide-messages.ts";
import type { HoldingLimits } from "./holding-limits.ts";
import { accepted, type Ruling, refused } from "./ruling.ts";

/** Rules on one wish against one account. Pure: no clock, no randomness, no I/O. */
export function decide(account: Account, command: AccountCommand, limits: HoldingLimits): Ruling {
  return atOnce(deciding(account, command, limits));
}

/** The same in steps of some thousand messages at most, for whoever has others to serve between them. */
export function* deciding(account: Account, command: AccountCommand, limits: HoldingLimits): Generator<void, Ruling> {
  // No wish makes an account but the one that a user is made with.
  if (!isOpen(account) && (account.closed || command.kind !== "openAccount")) return refused({ kind: "noSuchAccount" });
  switch (command.kind) {
    case "closeAccount":
      return accepted([{ kind: "accountClosed" }]);
    case "openAccount":
      return openAccount(account, command);
    case "setQuota":
      return accepted(account.quota === command.bytes ? [] : [{ kind: "quotaSet", bytes: command.bytes }]);
    case "createMailbox":
      return createMailbox(account, command);
    case "renameMailbox":
      return renameMailbox(account, command);
    case "deleteMailbox":
      return deleteMailbox(account, command, limits);
    case "setSpecialUse":
      return setSpecialUse(account, command);
    case "subscribe":
      return subscribe(account, command);
    case "unsubscribe":
      return unsubscribe(account, command);
    case "append":
      return append(account, command, limits);
    case "changeFlags":
      return yield* changeFlags(account, command);
    case "copy":
    case "move":
      return copyOrMove(account, command, limits);
    case "expunge":
      return expunge(account, command, limits);
    case "restore":
      return restore(account, command, limits);
    case "forget":
      return forget(account, command);
    default:
      return command satisfies never;
  }
}
