import { startServer } from "../src/main.ts";
import { testConfig } from "./server.ts";

/** The whole server as a process of its own, configured by its environment; prints its ports as one line of JSON. */
const server = await startServer(testConfig(process.env as Record<string, string>));
const portOf = (protocol: keyof typeof server.listening): number =>
  server.listening[protocol].find(({ tls }) => !tls)?.port ?? 0;
process.on("SIGTERM", () => void server.stop().then(() => process.exit(0)));
process.stdout.write(
  `${JSON.stringify({ imap: portOf("imap"), pop3: portOf("pop3"), lmtp: portOf("lmtp"), http: portOf("http") })}\n`,
);
