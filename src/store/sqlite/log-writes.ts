import type { Database } from "bun:sqlite";
import { baseWrites } from "./base-writes.ts";
import type { Performers } from "./jobs.ts";

type LogJobs = "append" | "dropEntries" | keyof ReturnType<typeof baseWrites>;

/** The log's writes. The unique key (account, seq) is the arbiter; who meets it has lost only their own entry. */
export function logWrites(db: Database): Performers<LogJobs> {
  const insertEntry = db.query(
    `INSERT INTO entries (account, seq, at, batch, checksum, first_body, body_count, transactions)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, seq) DO NOTHING`,
  );
  const batchOf = db.query<{ batch: string }, [Uint8Array, number]>(
    "SELECT batch FROM entries WHERE account = ? AND seq = ?",
  );
  const baseOf = db.query<{ seq: number }, [Uint8Array]>("SELECT seq FROM bases WHERE account = ?");
  const insertBody = db.query("INSERT INTO bodies (id, bytes) VALUES (?, ?)");
  const oldest = db.query<{ id: number; first_body: number; body_count: number }, [Uint8Array, number, number]>(
    "SELECT id, first_body, body_count FROM entries WHERE account = ? AND seq < ? ORDER BY seq LIMIT ?",
  );
  const deleteEntry = db.query("DELETE FROM entries WHERE id = ?");
  const deleteBodies = db.query("DELETE FROM bodies WHERE id >= ? AND id < ?");
  const newest = db.query("SELECT max(id) AS id FROM bodies").get() as { id: number | null };
  // Bodies that were dropped keep their numbers as long as an entry counts them: the newest entry has the highest.
  const last = db
    .query("SELECT first_body + body_count AS next FROM entries WHERE id = (SELECT max(id) FROM entries)")
    .get();
  let nextBody = Math.max((newest.id ?? 0) + 1, (last as { next: number } | null)?.next ?? 1);

  const takeBodies = (count: number): number => {
    nextBody += count;
    return nextBody - count;
  };

  return {
    ...baseWrites(db, takeBodies),
    append({ entries }) {
      return entries.map((entry) => {
        // The place of an entry that was trimmed is not free: whoever asks for it has been asleep for long.
        const trimmed = entry.seq < (baseOf.get(entry.account)?.seq ?? 0);
        const { changes } = trimmed
          ? { changes: 0 }
          : insertEntry.run(
              entry.account,
              entry.seq,
              entry.at,
              entry.batch,
              entry.checksum,
              nextBody,
              entry.bodies.length,
              entry.transactions,
            );
        // An attempt whose answer was lost comes again: it is there, and it is not somebody else's.
        if (changes === 0)
          return batchOf.get(entry.account, entry.seq)?.batch === entry.batch ? "appended" : "conflict";
        for (const body of entry.bodies) insertBody.run(nextBody++, body);
        return "appended";
      });
    },
    dropEntries({ account, before, limit }) {
      const found = oldest.all(account, before, limit);
      for (const { id, first_body, body_count } of found) {
        if (body_count > 0) deleteBodies.run(first_body, first_body + body_count);
        deleteEntry.run(id);
      }
      return found.length;
    },
  };
}
