import type { LogEntry } from "../domain/account/events.ts";
import { readTransactions, writeTransactions } from "../domain/account/transactions-text.ts";
import type { AccountId, RequestId } from "../domain/ids.ts";
import { BackupDamaged } from "./damage.ts";
import { FileReader } from "./file-reader.ts";
import type { FileWriter } from "./file-writer.ts";
import { type Segment, segmentPath } from "./layout.ts";

/**
 * A segment as a file: a line of JSON that says whose it is, then for each entry a line of JSON and, right behind it,
 * the bytes of its bodies one after the other, and a line end. Mail is in it as it was received, to be found with grep.
 */
type Heading = { readonly eider: "log"; readonly format: 1; readonly account: AccountId };
type EntryLine = {
  readonly seq: number;
  readonly at: number;
  readonly batch: string;
  readonly checksum: string;
  /** Bytes of each body. */
  readonly bodies: readonly number[];
  /** As the embedded store keeps them: JSON in JSON, so that one form is read and written everywhere. */
  readonly transactions: string;
};

const lineEnd = Buffer.from("\n");

export function writeHeading(file: FileWriter, account: AccountId): void {
  const heading: Heading = { eider: "log", format: 1, account };
  file.write(Buffer.from(`${JSON.stringify(heading)}\n`));
}

export function writeEntry(file: FileWriter, entry: LogEntry): void {
  const line: EntryLine = {
    seq: entry.seq,
    at: entry.at,
    batch: entry.batch,
    checksum: entry.checksum,
    bodies: entry.bodies.map((body) => body.length),
    transactions: writeTransactions(entry.transactions),
  };
  file.write(Buffer.from(`${JSON.stringify(line)}\n`));
  for (const body of entry.bodies) file.write(body);
  file.write(lineEnd);
}

/**
 * The entries of a segment, ascending. The file's hash is known to be right only when the last one was given: who must
 * not act on a damaged one proves it first.
 */
export function* readSegment(root: string, account: AccountId, segment: Segment): Generator<LogEntry> {
  const name = segmentPath(account, segment);
  const file = new FileReader(root, name);
  try {
    const heading = parsed<Heading>(name, file.line());
    if (heading?.eider !== "log" || heading.format !== 1) throw new BackupDamaged(name, "is no segment of a log");
    if (heading.account !== account) throw new BackupDamaged(name, `is of account ${heading.account}`);
    let seq = segment.first - 1;
    for (;;) {
      const text = file.line();
      if (text === null) break;
      const line = parsed<EntryLine>(name, text);
      if (line.seq !== ++seq) throw new BackupDamaged(name, `has entry ${line.seq} where ${seq} should be`);
      const entry = readable(name, seq, () => ({
        ...{ account, seq, at: line.at, batch: line.batch, checksum: line.checksum },
        bodies: line.bodies.map((length) => file.take(length)),
        transactions: readTransactions(line.transactions) as readonly {
          readonly request: RequestId;
          readonly events: LogEntry["transactions"][number]["events"];
        }[],
      }));
      if (file.take(1)[0] !== lineEnd[0]) throw new BackupDamaged(name, `is torn behind entry ${seq}`);
      yield entry;
    }
    if (seq !== segment.last) throw new BackupDamaged(name, `ends with entry ${seq}, not ${segment.last}`);
    file.prove(segment.sha256, segment.bytes);
  } finally {
    file.close();
  }
}

/** Of a file that has changed, anything may be what cannot be read. */
function readable<T>(name: string, seq: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof BackupDamaged) throw error;
    throw new BackupDamaged(name, `has an entry ${seq} that cannot be read`);
  }
}

function parsed<T>(name: string, line: string | null): T {
  try {
    if (line !== null) return JSON.parse(line) as T;
  } catch {
    // Said below, with the name of the file.
  }
  throw new BackupDamaged(name, "has a line that is no JSON");
}
