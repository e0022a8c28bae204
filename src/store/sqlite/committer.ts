import type { Database } from "bun:sqlite";
import { stateOfFailure } from "./failure.ts";
import type { Answer, Job, JobKind, Performers } from "./jobs.ts";

/** Does each kind of job inside the open transaction; what `afterCommit` is given runs right after the commit. */
export type Work = (db: Database, afterCommit: (run: () => void) => void) => Partial<Performers<JobKind>>;

/**
 * Commits what waits together as one transaction, one fsync. Where that fails, each job is tried alone, so that one that
 * cannot be done takes no other with it. A connection whose file failed under it is opened anew.
 */
export class Committer {
  readonly #open: () => Database;
  readonly #work: Work;
  #connection: { db: Database; perform: Record<string, (ask: unknown) => unknown> } | null = null;
  #after: { job: number; run: () => void }[] = [];
  #performing = 0;

  constructor(open: () => Database, work: Work) {
    this.#open = open;
    this.#work = work;
    this.#connect();
  }

  get db(): Database {
    return this.#connect().db;
  }

  /** One answer for each job, in order; `ok` means committed. */
  commit(jobs: readonly Job[]): Answer[] {
    try {
      return this.#together(jobs);
    } catch (error) {
      if (jobs.length === 1) return [refused(jobs[0]!, error)];
    }
    return jobs.map((job) => {
      try {
        return this.#together([job])[0]!;
      } catch (error) {
        return refused(job, error);
      }
    });
  }

  close(): void {
    this.#connection?.db.close();
    this.#connection = null;
  }

  #together(jobs: readonly Job[]): Answer[] {
    const { db, perform } = this.#connect();
    this.#after = [];
    const answers: Answer[] = [];
    try {
      db.run("BEGIN IMMEDIATE");
      for (const job of jobs) {
        this.#performing = answers.length;
        answers.push({ id: job.id, ok: true, answer: perform[job.kind]!(job.ask) as never });
      }
      db.run("COMMIT");
    } catch (error) {
      this.#abandon(db, error);
      throw error;
    }
    for (const { job, run } of this.#after) {
      try {
        run();
      } catch (error) {
        answers[job] = refused(jobs[job]!, error);
      }
    }
    return answers;
  }

  #abandon(db: Database, error: unknown): void {
    try {
      if (db.inTransaction) db.run("ROLLBACK");
      if (stateOfFailure(error).connection === "good") return;
    } catch {
      // A rollback that fails leaves nothing to go on with: the next job gets a new connection.
    }
    this.close();
  }

  #connect() {
    if (this.#connection) return this.#connection;
    const db = this.#open();
    const perform = this.#work(db, (run) => this.#after.push({ job: this.#performing, run }));
    this.#connection = { db, perform: perform as Record<string, (ask: unknown) => unknown> };
    return this.#connection;
  }
}

function refused(job: Job, error: unknown): Answer {
  const { unavailable, full, why, kept } = stateOfFailure(error);
  return { id: job.id, ok: false, unavailable, full, why, kept };
}
