import type { Database } from "bun:sqlite";
import type { Performers, StateJobs } from "./jobs.ts";

/** The folded state's writes. */
export function stateWrites(db: Database): Performers<keyof StateJobs> {
  const seqOf = db.query<{ seq: number }, [Uint8Array]>("SELECT seq FROM snapshots WHERE account = ?");
  const putSnapshot = db.query(
    `INSERT INTO snapshots (account, seq, head) VALUES (?, ?, ?)
     ON CONFLICT (account) DO UPDATE SET seq = excluded.seq, head = excluded.head`,
  );
  const putPart = db.query(
    "INSERT INTO parts (account, name, bytes) VALUES (?, ?, ?) ON CONFLICT (account, name) DO NOTHING",
  );
  const partNames = db.query<{ id: number; name: string }, [Uint8Array]>(
    "SELECT id, name FROM parts WHERE account = ?",
  );
  const deletePart = db.query("DELETE FROM parts WHERE id = ?");
  const putMessage = db.query(
    `INSERT INTO messages (account, message, place, envelope, bodystructure, anatomy, summary)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, message) DO NOTHING`,
  );
  const deleteMessage = db.query("DELETE FROM messages WHERE account = ? AND message = ?");
  const someMessages = db.query<{ message: Uint8Array }, [Uint8Array, number]>(
    "SELECT message FROM messages WHERE account = ? LIMIT ?",
  );
  const deleteParts = db.query("DELETE FROM parts WHERE account = ?");
  const deleteSnapshot = db.query("DELETE FROM snapshots WHERE account = ?");

  return {
    saveSnapshot({ account, seq, head, names, parts }) {
      const newest = seqOf.get(account)?.seq;
      if (newest !== undefined && newest > seq) return null;
      for (const { name, bytes } of parts) putPart.run(account, name, bytes);
      const missing = new Set(names);
      for (const { id, name } of partNames.all(account)) if (!missing.delete(name)) deletePart.run(id);
      // The transaction ends here, and the snapshot before stays as it was.
      for (const name of missing) throw new Error(`part ${JSON.stringify(name)} is not there`);
      putSnapshot.run(account, seq, head);
      return null;
    },
    saveMessages({ account, messages }) {
      for (const { message, place, envelope, bodystructure, anatomy, summary } of messages) {
        putMessage.run(account, message, place, envelope, bodystructure, anatomy, summary);
      }
      return null;
    },
    deleteMessages({ account, messages }) {
      for (const message of messages) deleteMessage.run(account, message);
      return null;
    },
    dropSnapshot({ account }) {
      deleteSnapshot.run(account);
      deleteParts.run(account);
      return null;
    },
    dropState({ account, limit }) {
      // The snapshot first: a half-dropped account has none, rather than one without its parts.
      deleteSnapshot.run(account);
      deleteParts.run(account);
      const found = someMessages.all(account, limit);
      for (const { message } of found) deleteMessage.run(account, message);
      return found.length;
    },
  };
}
