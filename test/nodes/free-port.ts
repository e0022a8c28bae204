import { createServer } from "node:net";

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

/** Ports for every listener of a server, as variables of its configuration. */
export async function freePorts(): Promise<Record<string, string>> {
  const names = ["IMAP_PORT", "IMAP_TLS_PORT", "POP3_PORT", "POP3_TLS_PORT", "LMTP_PORT", "HTTP_PORT"];
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [`EIDER_${name}`, String(await freePort())] as const)),
  );
}
