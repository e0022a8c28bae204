import type { Database } from "bun:sqlite";
import type { Performers } from "./jobs.ts";

type BaseJobs = "putBasePart" | "putBase" | "trim" | "dropBase" | "dropBodies" | "putBodies";
type Row = { id: number; seq: number; first_body: number; body_count: number };

/**
 * The writes of compaction. A base counts from the moment its row names its parts; entries go afterwards, and only below
 * it. An entry whose bodies are still needed stays as their place, without transactions. `takeBodies` gives ids for so
 * many bodies that lie side by side.
 */
export function baseWrites(db: Database, takeBodies: (count: number) => number): Performers<BaseJobs> {
  const putPart = db.query(
    `INSERT INTO base_parts (account, name, part, seq, bytes) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (account, name, part) DO NOTHING`,
  );
  const partNames = db.query<{ id: number; name: string; seq: number }, [Uint8Array]>(
    "SELECT id, name, seq FROM base_parts WHERE account = ?",
  );
  const deletePart = db.query("DELETE FROM base_parts WHERE id = ?");
  const baseOf = db.query<{ seq: number; name: string }, [Uint8Array]>("SELECT seq, name FROM bases WHERE account = ?");
  const putBase = db.query(
    `INSERT INTO bases (account, seq, at, name, trimmed) VALUES (?, ?, ?, ?, 0)
     ON CONFLICT (account) DO UPDATE SET seq = excluded.seq, at = excluded.at, name = excluded.name`,
  );
  const setTrimmed = db.query("UPDATE bases SET trimmed = max(trimmed, ?2) WHERE account = ?1");
  const deleteBase = db.query("DELETE FROM bases WHERE account = ?");
  const range = db.query<Row, [Uint8Array, number, number]>(
    `SELECT id, seq, first_body, body_count FROM entries WHERE account = ? AND seq > ? AND seq <= ?`,
  );
  const entryAt = db.query<Row, [Uint8Array, number]>(
    "SELECT id, seq, first_body, body_count FROM entries WHERE account = ? AND seq = ?",
  );
  const strip = db.query("UPDATE entries SET batch = '', checksum = '', transactions = '' WHERE id = ?");
  const deleteEntry = db.query("DELETE FROM entries WHERE id = ?");
  const insertStripped = db.query(
    `INSERT INTO entries (account, seq, at, batch, checksum, first_body, body_count, transactions)
     VALUES (?, ?, 0, '', '', ?, ?, '') ON CONFLICT (account, seq) DO NOTHING`,
  );
  const insertBody = db.query("INSERT INTO bodies (id, bytes) VALUES (?, ?)");
  const deleteBody = db.query("DELETE FROM bodies WHERE id = ?");
  const deleteBodies = db.query("DELETE FROM bodies WHERE id >= ? AND id < ?");

  return {
    putBasePart({ account, name, part, seq, bytes }) {
      putPart.run(account, name, part, seq, bytes);
      return null;
    },
    putBase({ account, seq, at, name, parts }) {
      const newest = baseOf.get(account);
      if (newest?.name === name) return null;
      const given = partNames.all(account);
      const here = given.filter((part) => part.name === name);
      if ((newest?.seq ?? 0) < seq) {
        if (here.length !== parts) throw new Error(`${here.length} of ${parts} parts of the base are there`);
        putBase.run(account, seq, at, name);
        // Those of others that are under way for a later base stay.
        for (const part of given) if (part.name !== name && part.seq <= seq) deletePart.run(part.id);
      } else for (const { id } of here) deletePart.run(id);
      return null;
    },
    trim({ account, after, through, kept }) {
      const base = baseOf.get(account)?.seq ?? 0;
      if (through >= base) throw new Error(`entry ${through} is not below a base`);
      const needed = new Map<number, Set<number>>();
      for (const { seq, index } of kept) {
        const indexes = needed.get(seq) ?? new Set();
        needed.set(seq, indexes.add(index));
      }
      for (const { id, seq, first_body, body_count } of range.all(account, after, through)) {
        const indexes = needed.get(seq);
        if (!indexes) {
          if (body_count > 0) deleteBodies.run(first_body, first_body + body_count);
          deleteEntry.run(id);
          continue;
        }
        for (let index = 0; index < body_count; index++) if (!indexes.has(index)) deleteBody.run(first_body + index);
        strip.run(id);
      }
      setTrimmed.run(account, through);
      return null;
    },
    dropBase({ account }) {
      // Parts of an attempt that never came to its end go with the others.
      deleteBase.run(account);
      for (const { id } of partNames.all(account)) deletePart.run(id);
      return null;
    },
    dropBodies({ account, places }) {
      for (const { seq, index } of places) {
        const entry = entryAt.get(account, seq);
        if (entry && index < entry.body_count) deleteBody.run(entry.first_body + index);
      }
      return null;
    },
    putBodies({ account, entries }) {
      for (const { seq, bodies } of entries) {
        if (entryAt.get(account, seq)) continue;
        const count = Math.max(...bodies.map(({ index }) => index)) + 1;
        const first = takeBodies(count);
        insertStripped.run(account, seq, first, count);
        for (const { index, bytes } of bodies) insertBody.run(first + index, bytes);
      }
      return null;
    },
  };
}
