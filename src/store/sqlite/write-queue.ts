import type { Database } from "bun:sqlite";
import { blobWrites } from "./blob-writes.ts";
import { Committer } from "./committer.ts";
import { directoryWrites } from "./directory-writes.ts";
import type { Answer, Job } from "./jobs.ts";
import { logWrites } from "./log-writes.ts";
import { openForWriting } from "./open-file.ts";
import type { SchemaName } from "./schema.ts";
import { stateWrites } from "./state-writes.ts";

/** Hears the answers of one commit that are its own, together. */
export type Reply = (answers: readonly Answer[]) => void;

/** One transaction takes jobs until they have about so many bytes: memory and the wait of the next ones stay bounded. */
const transactionBytes = 16 * 1024 * 1024;

/** All that waits to be written to one file, and the one connection that writes it. */
export class WriteQueue {
  readonly #committer: Committer;
  #waiting: { job: Job; reply: Reply }[] = [];

  constructor(dataDir: string, file: SchemaName) {
    const open = () => openForWriting(dataDir, file);
    this.#committer =
      file === "truth"
        ? new Committer(open, (db, afterCommit) => ({
            ...logWrites(db),
            ...blobWrites(db, afterCommit),
            ...directoryWrites(db),
          }))
        : new Committer(open, stateWrites);
  }

  get db(): Database {
    return this.#committer.db;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  submit(jobs: readonly Job[], reply: Reply): void {
    for (const job of jobs) this.#waiting.push({ job, reply });
  }

  /** One commit of what waits; every asker hears its answers in one go. */
  commit(): void {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && bytes < transactionBytes) bytes += weightOf(this.#waiting[count++]!.job);
    const taken = this.#waiting.splice(0, count);
    if (taken.length === 0) return;
    const answers = this.#committer.commit(taken.map(({ job }) => job));
    const byReply = new Map<Reply, Answer[]>();
    for (const [at, { reply }] of taken.entries()) {
      const known = byReply.get(reply);
      if (known) known.push(answers[at]!);
      else byReply.set(reply, [answers[at]!]);
    }
    for (const [reply, its] of byReply) reply(its);
  }

  close(): void {
    while (!this.empty) this.commit();
    this.#committer.close();
  }
}

function weightOf(job: Job): number {
  switch (job.kind) {
    case "append": {
      let bytes = 0;
      for (const entry of job.ask.entries) {
        bytes += entry.transactions.length;
        for (const body of entry.bodies) bytes += body.length;
      }
      return bytes;
    }
    case "saveSnapshot":
      return job.ask.parts.reduce((bytes, part) => bytes + part.bytes.length, job.ask.head.length);
    case "putBasePart":
      return job.ask.bytes.length;
    case "trim":
      return 256 * 1024;
    case "saveMessages":
      return job.ask.messages.length * 2048;
    default:
      return 1024;
  }
}
