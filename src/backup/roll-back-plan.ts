import type { ChangeCommand } from "../actors/account/requests.ts";
import type { Flag, SpecialUse } from "../domain/account/events.ts";
import { inboxPath } from "../domain/account/mailbox-path.ts";
import { runsOfSorted } from "../domain/account/uid-runs.ts";
import type { MailboxId, MessageId } from "../domain/ids.ts";
import type { WantedFolder, WantedMessage } from "./wanted-folders.ts";

/** A folder as it is. */
export type LiveFolder = {
  readonly id: MailboxId;
  readonly path: string;
  readonly specialUse: SpecialUse | null;
  readonly messages: readonly LiveMessage[];
};
export type LiveMessage = { readonly uid: number; readonly message: MessageId; readonly flags: readonly Flag[] };

export type RollBackPlan = {
  /** Folders to make first, superior names first. */
  readonly create: readonly WantedFolder[];
  /** Messages that the account has no copy of: their bytes must be brought. */
  readonly bring: readonly (WantedMessage & { readonly folder: string })[];
  /** All else, to be done together: moves, copies, flags, what goes. */
  readonly change: readonly ChangeCommand[];
};

/**
 * What turns the folders that are there into the folders wanted. The log goes on, so nothing is undone: messages that
 * are in their place stay, with their UIDs; others are moved, copied or brought, and get new UIDs; what is not wanted
 * goes. No UID is ever given to another message, and UIDVALIDITY stays. The plan for folders that are as wanted is empty.
 */
export function planRollBack(wanted: readonly WantedFolder[], live: readonly LiveFolder[]): RollBackPlan {
  const byPath = new Map(live.map((folder) => [folder.path, folder]));
  const create = wanted.filter(({ path }) => !byPath.has(path));
  const spare = new Spare(live);
  const homeless: { folder: WantedFolder; message: WantedMessage }[] = [];
  const change: ChangeCommand[] = [];
  const flags = new Map<string, { mailbox: MailboxId; flags: readonly Flag[]; uids: number[] }>();
  for (const folder of wanted) {
    const there = byPath.get(folder.path);
    for (const message of folder.messages) {
      const kept = there && spare.take(message.message, there);
      if (!kept) homeless.push({ folder, message });
      else if (kept.flags.join() !== message.flags.join()) {
        const key = `${there.id} ${message.flags.join()}`;
        const group = flags.get(key) ?? { mailbox: there.id, flags: message.flags, uids: [] };
        group.uids.push(kept.uid);
        flags.set(key, group);
      }
    }
    if (there && there.specialUse !== folder.specialUse)
      change.push({ kind: "setSpecialUse", mailbox: { id: there.id }, specialUse: folder.specialUse });
  }
  const bring: (WantedMessage & { folder: string })[] = [];
  const transfers = new Map<
    string,
    { kind: "move" | "copy"; from: MailboxId; to: { path: string }; uids: Set<number> }
  >();
  for (const { folder, message } of homeless) {
    const to = { path: folder.path };
    const surplus = spare.takeAnywhere(message.message);
    const twin = surplus ?? spare.findAnywhere(message.message);
    if (!twin) bring.push({ ...message, folder: folder.path });
    else {
      const kind = surplus ? "move" : "copy";
      const key = `${kind} ${twin.folder.id} ${folder.path}`;
      const group = transfers.get(key) ?? { kind, from: twin.folder.id, to, uids: new Set() };
      group.uids.add(twin.uid);
      transfers.set(key, group);
    }
  }
  for (const { kind, from, to, uids } of transfers.values())
    change.push({ kind, mailbox: { id: from }, uids: runsOfSorted([...uids].sort((a, b) => a - b)), to });
  for (const { mailbox, flags: names, uids } of flags.values())
    change.push({
      kind: "changeFlags",
      mailbox: { id: mailbox },
      uids: runsOfSorted(uids.sort((a, b) => a - b)),
      change: "replace",
      flags: names,
    });
  const wantedPaths = new Set(wanted.map(({ path }) => path));
  for (const folder of live) {
    const stays = wantedPaths.has(folder.path) || folder.path === inboxPath;
    const uids = stays ? spare.left(folder) : [];
    if (uids.length > 0)
      change.push({ kind: "expunge", mailbox: { id: folder.id }, uids: runsOfSorted(uids), which: "any" });
  }
  // Inferior names first: some servers' clients do not expect a name without its superior.
  const unwanted = live.filter(({ path }) => !wantedPaths.has(path) && path !== inboxPath);
  for (const { id, specialUse } of unwanted.sort((a, b) => (a.path < b.path ? 1 : -1))) {
    // What has a special use cannot be deleted.
    if (specialUse !== null) change.push({ kind: "setSpecialUse", mailbox: { id }, specialUse: null });
    change.push({ kind: "deleteMailbox", mailbox: { id } });
  }
  return { create, bring, change };
}

type Copy = LiveMessage & { readonly folder: LiveFolder };

/** The copies of messages that are there and not yet wanted anywhere. */
class Spare {
  readonly #copies = new Map<MessageId, Copy[]>();
  readonly #taken = new Set<Copy>();

  constructor(live: readonly LiveFolder[]) {
    for (const folder of live) {
      for (const message of folder.messages) {
        const copies = this.#copies.get(message.message);
        const copy = { ...message, folder };
        if (copies) copies.push(copy);
        else this.#copies.set(message.message, [copy]);
      }
    }
  }

  take(message: MessageId, folder: LiveFolder): LiveMessage | undefined {
    return this.#take(this.#copies.get(message)?.find((copy) => copy.folder === folder && !this.#taken.has(copy)));
  }

  takeAnywhere(message: MessageId): Copy | undefined {
    return this.#take(this.#copies.get(message)?.find((copy) => !this.#taken.has(copy)));
  }

  findAnywhere(message: MessageId): Copy | undefined {
    // One that stays where it is; a copy about to be moved would be looked for in vain.
    return this.#copies.get(message)?.[0];
  }

  left(folder: LiveFolder): number[] {
    const left: number[] = [];
    for (const copies of this.#copies.values())
      for (const copy of copies) if (copy.folder === folder && !this.#taken.has(copy)) left.push(copy.uid);
    return left.sort((a, b) => a - b);
  }

  #take(copy: Copy | undefined): Copy | undefined {
    if (copy) this.#taken.add(copy);
    return copy;
  }
}
