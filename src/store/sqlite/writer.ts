import type { Database } from "bun:sqlite";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { bringIn, Checkpoints } from "./checkpoints.ts";
import type { Job } from "./jobs.ts";
import { openForCheckpoints } from "./open-file.ts";
import type { SchemaName } from "./schema.ts";
import { WriteQueue } from "./write-queue.ts";

/**
 * The thread that writes one file, for every other thread. It takes everything that waits on all its ports, commits it
 * as one transaction, answers, and looks again; so what arrives during an fsync shares the next.
 *
 * There are two of them. The truth's does nothing but commit. The state's, for whose commits nobody waits, also brings
 * both write-ahead logs into their files.
 */
export type WriterData = { readonly dataDir: string; readonly file: SchemaName };
export type ToWriter =
  | { kind: "connect"; port: MessagePort }
  /** The other writer: the state's brings in the truth's pages when asked. */
  | { kind: "partner"; port: MessagePort }
  | { kind: "close" };
export type FromWriter = { kind: "ready" } | { kind: "refused"; name: string; message: string } | { kind: "closed" };

const main = parentPort!;
const { dataDir, file } = workerData as WriterData;
const tell = (message: FromWriter) => main.postMessage(message);

try {
  serve(new WriteQueue(dataDir, file));
  tell({ kind: "ready" });
} catch (error) {
  const { name, message } = error as Error;
  tell({ kind: "refused", name, message });
}

function serve(queue: WriteQueue): void {
  const clients = new Map<MessagePort, (answers: readonly unknown[]) => void>();
  let partner: MessagePort | null = null;
  let truth: Database | null = null;
  const checkpoints = new Checkpoints(() => {
    if (file === "truth") return void partner?.postMessage("due");
    bringIn(queue.db);
    checkpoints.ended();
  });

  const gather = () => {
    for (const [port, reply] of clients) {
      for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) {
        queue.submit(more.message as readonly Job[], reply);
      }
    }
  };
  const commitAll = () => {
    gather();
    while (!queue.empty) {
      queue.commit();
      checkpoints.afterCommit(queue.db);
      gather();
    }
  };

  main.on("message", (message: ToWriter) => {
    switch (message.kind) {
      case "connect": {
        const { port } = message;
        const reply = (answers: readonly unknown[]) => port.postMessage(answers);
        clients.set(port, reply);
        port.on("message", (jobs: readonly Job[]) => {
          queue.submit(jobs, reply);
          commitAll();
        });
        port.on("close", () => clients.delete(port));
        return;
      }
      case "partner":
        partner = message.port;
        partner.on("message", (word: "due" | "done") => {
          if (word === "done") return checkpoints.ended();
          truth ??= openForCheckpoints(dataDir, "truth");
          bringIn(truth);
          partner!.postMessage("done");
        });
        return;
      case "close":
        commitAll();
        truth?.close();
        bringIn(queue.db);
        queue.close();
        for (const port of clients.keys()) port.close();
        partner?.close();
        tell({ kind: "closed" });
        main.close();
        return;
    }
  });
}
