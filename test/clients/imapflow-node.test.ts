import { afterAll, beforeAll, expect } from "bun:test";
import { fileURLToPath } from "node:url";
import { startTestServer, type TestServer } from "../server.ts";
import { needs } from "./needs.ts";
import { runClient } from "./run-client.ts";

/** imapflow where most of its users run it: on Node, in a process of its own. */
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await server.addUser("flow");
});
afterAll(() => server.close());

const script = fileURLToPath(new URL("./imapflow-node.fixture.mjs", import.meta.url));

for (const way of ["STARTTLS", "TLS"] as const) {
  needs("node")(
    `imapflow on Node, over ${way}: mailbox operations, CONDSTORE, QRESYNC and news by IDLE`,
    async () => {
      const port = way === "TLS" ? server.imaps : server.imap;
      const run = await runClient(["node", script, `${port}`, way, "flow", "secret"]);
      expect(run.stderr).toBe("");
      expect(run.stdout).toBe("done\n");
    },
    60_000,
  );
}
