/** What a folder that one client alone changes must hold: told by UIDs, compared by the SHA-256 of the bytes and the flags. */
export type Message = { readonly hash: string; readonly flags: string };
export type Folder = {
  readonly uidValidity: number;
  /** At least this is the next UID. */
  readonly uidNext: number;
  readonly messages: ReadonlyMap<number, Message>;
};
export type Folders = ReadonlyMap<string, Folder>;

/** One command's change: all of it happens, or nothing. UIDs of what arrives are the server's to say. */
export type Effect = {
  readonly what: string;
  readonly leaves?: { readonly folder: string; readonly uids: readonly number[] };
  readonly arrives?: { readonly folder: string; readonly messages: readonly Message[] };
  readonly flags?: { readonly folder: string; readonly flags: ReadonlyMap<number, string> };
  readonly created?: string;
  readonly deleted?: string;
  readonly renamed?: { readonly from: string; readonly to: string };
};

/** As `\Recent` is nobody's, it is left out. */
export function flagText(flags: readonly string[]): string {
  return [...new Set(flags)]
    .filter((flag) => flag !== "" && flag !== "\\Recent")
    .sort()
    .join(" ");
}

/** The folders after `effect` but for what arrives. */
function withoutArrivals(folders: Folders, effect: Effect): Map<string, Folder> {
  const after = new Map(folders);
  const change = (path: string, run: (messages: Map<number, Message>) => void): void => {
    const folder = after.get(path)!;
    const messages = new Map(folder.messages);
    run(messages);
    after.set(path, { ...folder, messages });
  };
  const { leaves, flags, deleted, renamed } = effect;
  if (leaves) {
    change(leaves.folder, (messages) => {
      for (const uid of leaves.uids) messages.delete(uid);
    });
  }
  if (flags) {
    change(flags.folder, (messages) => {
      for (const [uid, text] of flags.flags) messages.set(uid, { ...messages.get(uid)!, flags: text });
    });
  }
  if (deleted !== undefined) after.delete(deleted);
  if (renamed) {
    after.set(renamed.to, after.get(renamed.from)!);
    after.delete(renamed.from);
  }
  return after;
}

/** The folders after a change that was acknowledged, with the UIDs or the UIDVALIDITY that were told. */
export function applied(folders: Folders, effect: Effect, told: { uids?: readonly number[]; uidValidity?: number }) {
  const after = withoutArrivals(folders, effect);
  if (effect.created !== undefined) {
    after.set(effect.created, { uidValidity: told.uidValidity ?? 0, uidNext: 1, messages: new Map() });
  }
  if (effect.arrives) {
    const folder = after.get(effect.arrives.folder)!;
    const messages = new Map(folder.messages);
    for (const [at, message] of effect.arrives.messages.entries()) messages.set(told.uids![at]!, message);
    const uidNext = Math.max(folder.uidNext, ...told.uids!.map((uid) => uid + 1));
    after.set(effect.arrives.folder, { ...folder, messages, uidNext });
  }
  return after as Folders;
}

/**
 * Why what is seen is not `folders` followed by `effect` (null: nothing more); null where it is. Whatever arrived must
 * have come in order, above every UID that was ever told.
 */
export function difference(seen: Folders, folders: Folders, effect: Effect | null): string | null {
  const expected = effect ? withoutArrivals(folders, effect) : folders;
  const paths = new Set(expected.keys());
  if (effect?.created !== undefined) paths.add(effect.created);
  for (const path of seen.keys()) if (!paths.has(path)) return `folder ${path} is there`;
  for (const path of paths) {
    const there = seen.get(path);
    if (!there) return `folder ${path} is missing`;
    const arrives = effect?.arrives?.folder === path ? effect.arrives.messages : [];
    const wrong = folderDifference(there, expected.get(path), arrives);
    if (wrong !== null) return `folder ${path}: ${wrong}`;
  }
  return null;
}

function folderDifference(there: Folder, folder: Folder | undefined, arrives: readonly Message[]): string | null {
  if (folder && folder.uidValidity !== 0 && there.uidValidity !== folder.uidValidity) {
    return `UIDVALIDITY was ${folder.uidValidity} and is ${there.uidValidity}`;
  }
  const uidNext = folder?.uidNext ?? 1;
  if (there.uidNext < uidNext) return `UIDNEXT was ${uidNext} and is ${there.uidNext}`;
  for (const [uid, { hash, flags }] of folder?.messages ?? []) {
    const found = there.messages.get(uid);
    if (!found) return `message ${uid} is missing`;
    if (found.hash !== hash) return `message ${uid} has other bytes`;
    if (found.flags !== flags) return `message ${uid} has flags (${found.flags}), not (${flags})`;
  }
  const fresh = [...there.messages].filter(([uid]) => !folder?.messages.has(uid)).sort(([a], [b]) => a - b);
  if (fresh.length !== arrives.length) {
    return `${fresh.length} messages have arrived (${fresh.map(([uid]) => uid).join()}), not ${arrives.length}`;
  }
  for (const [at, [uid, { hash, flags }]] of fresh.entries()) {
    if (uid < uidNext) return `message ${uid} arrived below ${uidNext}`;
    if (hash !== arrives[at]!.hash) return `what arrived as ${uid} has other bytes`;
    if (flags !== arrives[at]!.flags) return `what arrived as ${uid} has flags (${flags}), not (${arrives[at]!.flags})`;
  }
  return null;
}
