import { startServer } from "../../src/main.ts";
import { loadConfig } from "../../src/operation/config.ts";

// The server in a process of its own, configured by the environment; says its ports in one line and leaves on SIGTERM.
const loaded = loadConfig({ env: process.env, cwd: process.cwd() });
if (!loaded.ok) {
  console.error(loaded.problems.join("\n"));
  process.exit(2);
}
const server = await startServer(loaded.config);
process.on("SIGTERM", () => void server.stop().then(() => process.exit(0)));
console.log(JSON.stringify({ listening: server.listening }));
