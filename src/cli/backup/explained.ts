import { BackupDamaged, NoBackup } from "../../backup/damage.ts";
import { RestoreRefused, RollBackRefused } from "../../backup/refused.ts";
import { NotSigned } from "../../backup/signature.ts";
import { AnotherServersBackup } from "../../backup/write-backup.ts";
import { StoreUnavailable } from "../../store/log.ts";
import { DataDirectoryInUse } from "../../store/sqlite/data-lock.ts";
import { SchemaTooNew } from "../../store/sqlite/schema.ts";
import { CommandFailure } from "../failure.ts";

const asTheServer = "run this as the user that the server runs as";
const makeRoom = "make room, then run the same command again: it goes on";

const pathFaults = new Set(["ENOTDIR", "ENOENT", "EEXIST", "EISDIR", "ENAMETOOLONG", "ELOOP", "EINVAL"]);

/** What an operator can do something about, in one line; anything else as it is. */
export function explained(action: string, error: unknown): unknown {
  const failed = `Cannot ${action}`;
  if (error instanceof NoBackup) {
    const written = "name a directory that `eider backup` has written";
    return new CommandFailure(failed, error.message, action === "back up" ? `${written}, or an empty one` : written);
  }
  if (error instanceof NotSigned) {
    const sure = "if you know that it is yours, begin a new directory with --sign, or leave the key out";
    return new CommandFailure(failed, error.message, sure);
  }
  if (error instanceof RestoreRefused || error instanceof RollBackRefused)
    return new CommandFailure(failed, error.message);
  if (error instanceof AnotherServersBackup)
    return new CommandFailure(failed, error.message, "give each server a directory of its own");
  if (error instanceof BackupDamaged)
    return new CommandFailure(failed, `the backup is damaged: ${error.message}`, "take another copy of it");
  if (error instanceof DataDirectoryInUse)
    return new CommandFailure(failed, error.message, "wait for it or end it, then run this again");
  if (error instanceof SchemaTooNew) return new CommandFailure(failed, error.message);
  if (error instanceof StoreUnavailable)
    return new CommandFailure(
      failed,
      error.message,
      error.full ? makeRoom : "run it again when the store is back: it goes on",
    );
  if (error instanceof CommandFailure || !(error instanceof Error)) return error;
  const { code, message, name, syscall } = error as NodeJS.ErrnoException;
  if (name === "SQLiteError") {
    const why = `the data directory cannot be read (${message})`;
    const isForbidden = /^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/.test(code ?? "");
    return new CommandFailure(failed, why, isForbidden ? asTheServer : "`eider verify` says what is damaged");
  }
  if (code === "ENOSPC" || code === "EDQUOT") return new CommandFailure(failed, message, makeRoom);
  if (code === "EROFS") return new CommandFailure(failed, message, "name a directory that can be written to");
  if (code === "EACCES" || code === "EPERM") return new CommandFailure(failed, message, asTheServer);
  if (pathFaults.has(code ?? "")) return new CommandFailure(failed, message, "name another directory");
  if (syscall !== undefined) return new CommandFailure(failed, message);
  return error;
}
