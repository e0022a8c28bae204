import type { MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { jobs } from "./jobs.ts";

/** The life of a CPU worker: `users` brings a port for each thread that has jobs, and the jobs come in on those. */
export default function serve({ start }: { start: { users: MessagePort } }): Promise<never> {
  start.users.on("message", (port: MessagePort) => Comlink.expose(jobs, nodeEndpoint(port)));
  return new Promise<never>(() => {});
}
