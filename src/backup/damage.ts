/** A file of the backup is not what it was when it was written: missing, cut, changed. Names the file and what is wrong. */
export class BackupDamaged extends Error {
  override readonly name = "BackupDamaged";

  constructor(
    readonly file: string,
    readonly why: string,
  ) {
    super(`${file} ${why}`);
  }
}

/** The directory holds no whole backup. */
export class NoBackup extends Error {
  override readonly name = "NoBackup";
}
