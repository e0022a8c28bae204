import type { MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { jobs } from "./jobs.ts";

/** What a worker says besides answering jobs: that it is there. */
export type WorkerSays = "here";

/**
 * The life of a CPU worker: `users` brings a port for each thread that has jobs, and the jobs come in on those. Anything
 * else on it asks whether the worker is there, and is answered between two jobs.
 */
export default function serve({ start }: { start: { users: MessagePort } }): Promise<never> {
  start.users.on("message", (message: MessagePort | string) => {
    if (typeof message === "string") start.users.postMessage("here" satisfies WorkerSays);
    else Comlink.expose(jobs, nodeEndpoint(message));
  });
  return new Promise<never>(() => {});
}
