import { BackupDamaged, NoBackup } from "../../backup/damage.ts";
import { RestoreRefused, RollBackRefused } from "../../backup/refused.ts";
import { AnotherServersBackup } from "../../backup/write-backup.ts";
import { StoreUnavailable } from "../../store/log.ts";
import { DataDirectoryInUse } from "../../store/sqlite/data-lock.ts";
import { CommandFailure } from "../failure.ts";

/** What an operator can do something about, in one line; anything else as it is. */
export function explained(action: string, error: unknown): unknown {
  const failed = `Cannot ${action}`;
  if (error instanceof NoBackup)
    return new CommandFailure(
      failed,
      error.message,
      "name a directory that `eider backup` has written, or an empty one",
    );
  if (error instanceof RestoreRefused || error instanceof RollBackRefused)
    return new CommandFailure(failed, error.message);
  if (error instanceof AnotherServersBackup)
    return new CommandFailure(failed, error.message, "give each server a directory of its own");
  if (error instanceof BackupDamaged)
    return new CommandFailure(failed, `the backup is damaged: ${error.message}`, "take another copy of it");
  if (error instanceof DataDirectoryInUse)
    return new CommandFailure(failed, error.message, "wait for it or end it, then run this again");
  if (error instanceof StoreUnavailable)
    return new CommandFailure(failed, error.message, "run the same command again when the store is back: it goes on");
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new CommandFailure(failed, message, "make room, then run the same command again: it goes on");
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return new CommandFailure(failed, message, "run this as the user that the server runs as");
  return error;
}
