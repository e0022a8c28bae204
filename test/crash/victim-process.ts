import { startServer } from "../../src/main.ts";
import { testConfig } from "../server.ts";

/**
 * The whole server as a process of its own, to be killed, and whose threads can be: it prints its ports as one line of
 * JSON, its log behind that, and takes orders on standard input: "shard", "cpu" or "writer" ends such a thread where it
 * stands; "dead N" says that order N was carried out.
 */
const server = await startServer(testConfig({ ...(process.env as Record<string, string>), EIDER_LOG_LEVEL: "error" }));
const portOf = (protocol: keyof typeof server.listening): number =>
  server.listening[protocol].find(({ tls }) => !tls)?.port ?? 0;
const ports = {
  imap: portOf("imap"),
  pop3: portOf("pop3"),
  lmtp: portOf("lmtp"),
  http: portOf("http"),
  pid: process.pid,
};
process.on("SIGTERM", () => void server.stop().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify(ports)}\n`);

let orders = 0;
const kill = {
  shard: () => server.workers.killShard(0),
  cpu: () => server.workers.killCpu(0),
  writer: () => server.workers.killWriter(),
} as const;
for await (const line of console) {
  await kill[line as keyof typeof kill]();
  process.stdout.write(`dead ${++orders}\n`);
}
// Whoever gave the orders is gone.
process.exit(1);
