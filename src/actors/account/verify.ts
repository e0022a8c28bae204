import type { Account } from "../../domain/account/account.ts";
import { messageAt } from "../../domain/account/message-ids.ts";
import type { AccountId, MessageId } from "../../domain/ids.ts";
import { StoreUnavailable } from "../../store/log.ts";
import type { Stores } from "../../store/stores.ts";
import { jobs } from "../workers/jobs.ts";
import type { Find, Finding } from "./finding.ts";
import { replayProved } from "./replay-proved.ts";
import { type Living, verifyMessages } from "./verify-messages.ts";
import { verifyReferences } from "./verify-references.ts";
import { verifySnapshot, verifySums } from "./verify-snapshot.ts";

export type { Finding } from "./finding.ts";
export type Verified = {
  readonly account: AccountId;
  readonly entries: number;
  readonly messages: number;
  readonly findings: readonly Finding[];
};

const messagesAtOnce = 200;

/**
 * Replays an account's log from its base or first entry and holds everything else against it: the checksums of the
 * entries, the snapshot and its counters, the quota used, the records of all messages, every byte of them, and the
 * references that keep blobs. Reads only, and may run beside nodes that write. Throws `StoreUnavailable`.
 */
export async function verifyAccount(stores: Stores, id: AccountId, now = Date.now()): Promise<Verified> {
  const findings: Finding[] = [];
  const find: Find = (what, text, repair = null) => void findings.push({ account: id, what, text, repair });
  const snapshot = await stores.state.loadSnapshot(id).catch((error: unknown) => {
    if (error instanceof StoreUnavailable) throw error;
    find("snapshot", `it cannot be read: ${(error as Error).message}`, { kind: "snapshot" });
    return null;
  });
  const { loaded, whole, past } = await replayProved(stores, id, snapshot?.seq ?? -1, find);
  const { account } = loaded;
  if (snapshot && snapshot.seq > account.seq) {
    if (whole)
      find("log", `it ends with entry ${account.seq}, and a snapshot knows entry ${snapshot.seq}: the end is lost`);
    // Its entries would be passed over, and the next ones appended behind the gap.
    const text = `it stands for entry ${snapshot.seq}, and the log can be followed to entry ${account.seq}`;
    find("snapshot", text, whole ? { kind: "snapshot" } : null);
  } else if (snapshot) verifySnapshot(snapshot, past, find);
  verifySums(account, find);
  const living = livingOf(account);
  for (let from = 0; from < living.length; from += messagesAtOnce) {
    const some = living.slice(from, from + messagesAtOnce);
    await verifyMessages(stores, jobs, id, some, loaded.unrecorded, snapshot?.seq ?? 0, find);
  }
  // Of a log that cannot be followed it is not known which messages there are.
  if (whole) await verifyReferences(stores, id, living, loaded, now, find);
  return { account: id, entries: account.seq, messages: living.length, findings };
}

/** Each message once, by the first place it is met in. */
function livingOf(account: Account): Living[] {
  const living = new Map<MessageId, Living>();
  for (const { path, chunks } of account.mailboxes.values()) {
    for (const chunk of chunks) {
      const { fixed, length } = chunk;
      for (let at = 0; at < length; at++) {
        const message = messageAt(chunk, at);
        if (living.has(message)) continue;
        const name = `${path}, UID ${fixed.uid[at]!} (message ${message})`;
        living.set(message, { message, name, size: fixed.size[at]! });
      }
    }
  }
  return [...living.values()];
}
