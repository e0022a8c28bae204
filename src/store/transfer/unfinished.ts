import type { DirectoryStore } from "../directory.ts";

const begun = "transfer-begun";
const finished = "transfer-finished";

/** Mail was being brought into these stores and is not all there: no server may serve them. */
export class TransferUnfinished extends Error {
  override readonly name = "TransferUnfinished";
}

/** What is being brought into stores, by a name of its own; two settings, the second of which makes it whole. */
export async function transferState(
  directory: DirectoryStore,
): Promise<{ readonly what: string; readonly finished: boolean } | null> {
  const what = await directory.setting(begun);
  return what === null ? null : { what, finished: (await directory.setting(finished)) !== null };
}

/** Says what is being brought in; answers what is being brought in already, where that is something else. */
export async function beginTransfer(directory: DirectoryStore, what: string): Promise<string> {
  return directory.putSettingOnce(begun, what);
}

export async function finishTransfer(directory: DirectoryStore, what: string): Promise<void> {
  await directory.putSettingOnce(finished, what);
}

/** Throws `TransferUnfinished` where mail that was being brought in is not all there. */
export async function refuseUnfinished(directory: DirectoryStore): Promise<void> {
  const state = await transferState(directory);
  if (state && !state.finished) {
    throw new TransferUnfinished(
      "a restore or promotion into this store was cut short: run the same command again, it goes on where it stopped",
    );
  }
}
