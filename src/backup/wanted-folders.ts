import type { Account } from "../domain/account/account.ts";
import type { Flag, SpecialUse } from "../domain/account/events.ts";
import { keywordShift, systemFlagNames, systemMask } from "../domain/account/flags.ts";
import { messageAt } from "../domain/account/message-ids.ts";
import type { MessageId } from "../domain/ids.ts";

/** A folder as it shall be: what is in it, ascending by the UIDs that the messages had. */
export type WantedFolder = {
  readonly path: string;
  readonly specialUse: SpecialUse | null;
  readonly messages: readonly WantedMessage[];
};
export type WantedMessage = {
  readonly message: MessageId;
  readonly flags: readonly Flag[];
  /** Milliseconds since 1970, whole seconds. */
  readonly internalDate: number;
};

/** The folders of an account, superior names first. */
export function wantedFolders(account: Account): WantedFolder[] {
  const folders = [...account.mailboxes.values()].map(({ path, specialUse, chunks }): WantedFolder => {
    const messages: WantedMessage[] = [];
    for (const chunk of chunks) {
      const { fixed, marks, length } = chunk;
      for (let at = 0; at < length; at++) {
        messages.push({
          message: messageAt(chunk, at),
          flags: flagNames(marks.flags[at]!, (index) => account.keywords.keywords(index)),
          internalDate: fixed.date[at]! * 1000,
        });
      }
    }
    return { path, specialUse, messages };
  });
  return folders.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The names of the flags in a word of a flags column, in an order of their own. */
export function flagNames(word: number, keywords: (index: number) => readonly Flag[]): readonly Flag[] {
  return [...systemFlagNames(word & systemMask), ...[...keywords(word >>> keywordShift)].sort()];
}
