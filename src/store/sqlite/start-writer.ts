import { readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { temporaryDirectory } from "./blob-files.ts";
import { lockDataDirectory } from "./data-lock.ts";
import { makeDirectory } from "./open-file.ts";
import { type SchemaName, SchemaTooNew } from "./schema.ts";
import type { FromWriter, ToWriter, WriterData } from "./writer.ts";
import type { Control } from "./writer-connection.ts";

export type SqliteWriter = {
  /** A port for one client, of this thread or to be transferred to another: openSqliteStores takes it. */
  connect(): MessagePort;
  /** Ends its threads where they stand; for tests of what happens then. */
  kill(): Promise<void>;
  /** Commits what waits, ends the threads and gives the directory free. */
  close(): Promise<void>;
};

type Threads = Record<SchemaName, Worker>;

/** Milliseconds between a writer's death and the next try to start one, where the first try failed. */
const retryAfter = 1_000;

/**
 * Makes the data directory ready, locks it, and starts the threads that write it. A writer that dies is replaced: its
 * clients hear `StoreUnavailable` for what was on its way and go on with the next one. `onDeath` is told each time.
 * Throws `DataDirectoryInUse` and `SchemaTooNew`.
 */
export async function startSqliteWriter(options: {
  dataDir: string;
  onDeath?: (why: Error) => void;
}): Promise<SqliteWriter> {
  const { dataDir } = options;
  const lock = prepareDataDirectory(dataDir);
  const controls = new Set<MessagePort>();
  let closing = false;
  let threads: Threads | null = null;

  const bringUp = async () => {
    let started: Threads | null = null;
    started = await startThreads(dataDir, (why) => {
      if (closing || started === null || threads !== started) return;
      threads = null;
      for (const worker of Object.values(started)) void worker.terminate();
      options.onDeath?.(why);
      void replace();
    });
    threads = started;
    for (const control of controls) introduce(control, started);
  };
  const replace = async (): Promise<void> => {
    if (closing) return;
    try {
      await bringUp();
    } catch (error) {
      const why = `the writer does not start (${(error as Error).message})`;
      for (const control of controls) control.postMessage({ down: why } satisfies Control);
      setTimeout(() => void replace(), retryAfter).unref();
    }
  };

  try {
    await bringUp();
  } catch (error) {
    lock.release();
    throw error;
  }

  return {
    connect() {
      const { port1: control, port2: client } = new MessageChannel();
      controls.add(control);
      control.on("close", () => controls.delete(control));
      control.unref();
      if (threads) introduce(control, threads);
      return client;
    },
    async kill() {
      await Promise.all(Object.values(threads ?? {}).map((worker) => worker.terminate()));
    },
    async close() {
      if (closing) return;
      closing = true;
      if (threads) {
        // The truth first: the state's thread is the one that brings in its pages.
        await closeThread(threads.truth);
        await closeThread(threads.state);
      }
      for (const control of controls) control.close();
      lock.release();
    },
  };
}

/** Makes the directories, takes the lock, and removes what an interrupted put left behind. */
export function prepareDataDirectory(dataDir: string): { release(): void } {
  makeDirectory(dataDir);
  const lock = lockDataDirectory(dataDir);
  const temporary = temporaryDirectory(dataDir);
  makeDirectory(temporary);
  for (const name of readdirSync(temporary)) unlinkSync(join(temporary, name));
  return lock;
}

function introduce(control: MessagePort, threads: Threads): void {
  const truth = new MessageChannel();
  const state = new MessageChannel();
  send(threads.truth, { kind: "connect", port: truth.port1 });
  send(threads.state, { kind: "connect", port: state.port1 });
  const message: Control = { ports: { truth: truth.port2, state: state.port2 } };
  control.postMessage(message, [truth.port2, state.port2]);
}

function send(worker: Worker, message: ToWriter): void {
  worker.postMessage(message, "port" in message ? [message.port] : []);
}

async function startThreads(dataDir: string, died: (why: Error) => void): Promise<Threads> {
  const truth = await startThread(dataDir, "truth", died);
  try {
    const threads = { truth, state: await startThread(dataDir, "state", died) };
    const partners = new MessageChannel();
    send(threads.truth, { kind: "partner", port: partners.port1 });
    send(threads.state, { kind: "partner", port: partners.port2 });
    return threads;
  } catch (error) {
    await truth.terminate();
    throw error;
  }
}

function startThread(dataDir: string, file: SchemaName, died: (why: Error) => void): Promise<Worker> {
  const workerData: WriterData = { dataDir, file };
  const worker = new Worker(new URL("./writer.ts", import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      reject(error);
      died(error);
    };
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`the thread that writes ${file} ended with code ${code}`)));
    worker.once("message", (message: FromWriter) => {
      if (message.kind === "ready") return resolve(worker);
      const text = message.kind === "refused" ? message.message : message.kind;
      const tooNew = message.kind === "refused" && message.name === "SchemaTooNew";
      reject(tooNew ? new SchemaTooNew(text) : new Error(text));
      void worker.terminate();
    });
  });
}

function closeThread(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
    send(worker, { kind: "close" });
  });
}
