/** What an exception of the database or the file system says about the disk. */
export type Failure = {
  /** Trying later may help. */
  readonly unavailable: boolean;
  /** There is no space left. */
  readonly full: boolean;
  /** In words that follow "Cannot do this: ". */
  readonly why: string;
  /** `lost`: the connection may know pages that the file does not have. */
  readonly connection: "good" | "lost";
  /** `unknown`: an fsync that failed says nothing of what the disk has. */
  readonly kept: "no" | "unknown";
};

const fullDisk = new Set(["SQLITE_FULL", "ENOSPC", "EDQUOT"]);
const failingDisk = new Set(["EIO", "EROFS", "EMFILE", "ENFILE", "EACCES"]);

/** Reads an exception's code; an unknown one is a fault of ours and keeps its message. */
export function stateOfFailure(error: unknown): Failure {
  const code = String((error as { code?: unknown } | null)?.code ?? "");
  const message = error instanceof Error ? error.message : String(error);
  if (fullDisk.has(code)) {
    return { unavailable: true, full: true, why: "the disk is full", connection: "good", kept: "no" };
  }
  if (code.startsWith("SQLITE_BUSY")) {
    return { unavailable: true, full: false, why: "the database is in use", connection: "good", kept: "no" };
  }
  if (failingDisk.has(code) || code.startsWith("SQLITE_IOERR") || code === "SQLITE_CANTOPEN") {
    const why = `the disk does not work (${code}: ${message})`;
    return { unavailable: true, full: false, why, connection: "lost", kept: "unknown" };
  }
  const lost = code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
  const connection = lost ? "lost" : "good";
  return { unavailable: false, full: false, why: message, connection, kept: lost ? "unknown" : "no" };
}
