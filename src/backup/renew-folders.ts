import { type Account, type Mailbox, maxUid } from "../domain/account/account.ts";
import type { AccountEvent } from "../domain/account/events.ts";
import { allUids } from "../domain/account/rows.ts";
import type { MailboxId } from "../domain/ids.ts";

/**
 * Events that give folders of an account a new id and a new UIDVALIDITY (RFC 9051 §2.3.1.1), with all that is in them.
 *
 * An account put back to an earlier state goes on from there: the UIDs and mod-sequences that it had given since would
 * be given again, to other messages, and a client that has seen them would take the one for the other. That can
 * only happen in folders that had changed since, which `latest` tells: the last state known to have been served. The
 * others keep their UIDVALIDITY, and their clients everything.
 */
export function renewFolders(
  account: Account,
  latest: Account,
  { newId, now }: { newId: () => MailboxId; now: number },
): readonly AccountEvent[] {
  const events: AccountEvent[] = [];
  const known = Math.max(account.lastUidValidity, latest.lastUidValidity);
  let validity = Math.max(known, Math.min(Math.floor(now / 1000), maxUid) - 1);
  for (const mailbox of account.mailboxes.values()) {
    if (sameAs(mailbox, latest.mailboxes.get(mailbox.id))) continue;
    const { id, path, specialUse } = mailbox;
    const renewed = newId();
    validity += 1;
    // For a moment both have the path; the one created last is found by it, and stays.
    events.push({ kind: "mailboxCreated", mailbox: renewed, path, uidValidity: validity, specialUse });
    if (mailbox.messages > 0) {
      events.push({ kind: "moved", mailbox: id, uids: allUids(mailbox), to: renewed, firstUid: 1 });
    }
    events.push({ kind: "mailboxDeleted", mailbox: id });
  }
  return events;
}

/** Whether nothing that a client can see of it has changed since. */
function sameAs(mailbox: Mailbox, later: Mailbox | undefined): boolean {
  return later?.highestModSeq === mailbox.highestModSeq && later.uidNext === mailbox.uidNext;
}
