import { type Account, emptyAccount } from "../domain/account/account.ts";
import type { AccountId, BlobId, MessageId } from "../domain/ids.ts";
import { blobsOf, type SizedReference } from "../store/transfer/blobs-of.ts";
import { blobsOfBase } from "./base-blobs.ts";
import { BackupDamaged } from "./damage.ts";
import { proveFile } from "./file-reader.ts";
import { basePath, blobFile, segmentPath, serverFile } from "./layout.ts";
import { liveMessages } from "./live-messages.ts";
import { type AccountLine, type Manifest, readAccounts } from "./manifest.ts";
import { baseOf, Diverged, entriesOf, provenOrKnown } from "./replay.ts";

/** Something of the backup that cannot be restored as it was. */
export type Damage = {
  /** Null: it is the server's, not an account's. */
  readonly account: AccountId | null;
  readonly address: string;
  readonly text: string;
};
export type Checked = {
  readonly accounts: number;
  readonly entries: number;
  readonly messages: number;
  readonly damages: readonly Damage[];
};

/**
 * Reads everything that the accounts chosen need: each file against its SHA-256, each log replayed entry by entry
 * against the checksums it was appended with, the bytes of all messages. Names every damage; changes nothing.
 * A list of accounts that is damaged itself throws `BackupDamaged`: there is nothing to go by then.
 */
export function checkBackup(
  root: string,
  manifest: Manifest,
  chosen: (line: AccountLine) => boolean,
  onAccount: () => void = () => {},
): Checked {
  const damages: Damage[] = [];
  const totals = { accounts: 0, entries: 0, messages: 0 };
  const blobs = new BlobProofs(root);
  for (const { path, sha256, bytes } of manifest.files) {
    const why = damageOf(() => proveFile(root, serverFile(sha256), sha256, bytes));
    if (why) damages.push({ account: null, address: "", text: `${why} (the server's ${path})` });
  }
  for (const line of readAccounts(root, manifest)) {
    if (!chosen(line)) continue;
    const { id: account, address, username } = line.user;
    const checked = checkAccount(root, line, blobs);
    for (const text of checked.damages) damages.push({ account, address: address || username, text });
    totals.accounts += 1;
    totals.entries += line.head?.seq ?? 0;
    totals.messages += checked.messages;
    onAccount();
  }
  return { ...totals, damages };
}

function checkAccount(root: string, line: AccountLine, blobs: BlobProofs): { messages: number; damages: string[] } {
  const damages: string[] = [];
  const absent = new Set(line.absent);
  const missing: { blob: BlobId; message: MessageId }[] = [];
  let state: Account = emptyAccount(line.user.id);
  let batch: string | null = null;
  const proveBlobs = (references: readonly SizedReference[]): void => {
    for (const { blob, size, message } of references) {
      if (absent.has(blob)) missing.push({ blob, message });
      else {
        const wrong = blobs.prove(blob, size);
        if (wrong) damages.push(`${wrong} (message ${message})`);
      }
    }
  };
  const why = damageOfLog(root, line, () => {
    const base = baseOf(root, line.user.id, line);
    if (base) {
      state = base.loaded.account;
      proveBlobs(blobsOfBase(base.loaded));
    }
    for (const entry of entriesOf(root, line.user.id, line)) {
      state = provenOrKnown(state, entry);
      batch = entry.batch;
      proveBlobs(blobsOf([entry]));
    }
  });
  if (why) damages.push(why);
  else if (state.seq !== (line.head?.seq ?? 0) || batch !== (line.head?.batch ?? null))
    damages.push(`its log ends with entry ${state.seq}, not with ${line.head?.seq ?? 0} as listed`);
  const live = liveMessages(state);
  for (const { blob, message } of missing)
    if (live.has(message))
      damages.push(`blob ${blob} of message ${message} was missing in the store when it was copied`);
  return { messages: live.size, damages };
}

/** What is wrong with a file or a log; null: nothing. */
function damageOf(read: () => void): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof BackupDamaged || error instanceof Diverged) return error.message;
    throw error;
  }
}

/** As `damageOf`; where entries do not lead where they should because a file has changed, the file is what is named. */
function damageOfLog(root: string, { user, base, segments }: AccountLine, read: () => void): string | null {
  let fault: unknown;
  let why: string | null;
  try {
    why = damageOf(read);
    if (why === null) return null;
  } catch (error) {
    // What a changed file says can break whatever follows it.
    fault = error;
    why = null;
  }
  const files = segments.map((segment) => ({ path: segmentPath(user.id, segment), ...segment }));
  if (base) files.unshift({ path: basePath(user.id, base), ...base, first: 0, last: 0 });
  for (const { path, sha256, bytes } of files) {
    const changed = damageOf(() => proveFile(root, path, sha256, bytes));
    if (changed) return changed;
  }
  if (why === null) throw fault;
  return why;
}

/** Each blob is read once, however many messages have it. */
class BlobProofs {
  readonly #root: string;
  readonly #proven = new Map<BlobId, string | null>();

  constructor(root: string) {
    this.#root = root;
  }

  prove(blob: BlobId, size: number): string | null {
    let wrong = this.#proven.get(blob);
    if (wrong === undefined) {
      wrong = damageOf(() => proveFile(this.#root, blobFile(blob), blob, size));
      this.#proven.set(blob, wrong);
    }
    return wrong;
  }
}
