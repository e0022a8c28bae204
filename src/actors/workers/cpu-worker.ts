import type { MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { jobs } from "./jobs.ts";
import { type Reading, readingInTurn } from "./reading-turns.ts";

/** What a worker says besides answering jobs: that it is there, or what it reads. */
export type WorkerSays = { readonly kind: "here" } | { readonly kind: "reading"; readonly reading: Reading };

/**
 * The life of a CPU worker: `users` brings a port for each thread that has jobs, and the jobs come in on those. Anything
 * else on it asks whether the worker is there, and is answered between two jobs.
 */
export default function serve({ start }: { start: { users: MessagePort } }): Promise<never> {
  const say = (what: WorkerSays): void => start.users.postMessage(what);
  const watched = readingInTurn(jobs, (reading) => say({ kind: "reading", reading }));
  start.users.on("message", (message: MessagePort | string) => {
    if (typeof message === "string") say({ kind: "here" });
    else Comlink.expose(watched, nodeEndpoint(message));
  });
  return new Promise<never>(() => {});
}
