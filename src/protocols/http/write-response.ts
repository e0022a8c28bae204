import type { ServerResponse } from "node:http";

/**
 * Writes a response to the end, no faster than the client takes it; resolves when all is taken or the client gone. A
 * body that fails ends the connection, so that the client sees that it is not whole, and so does a client that takes
 * nothing for `idle` milliseconds.
 */
export async function writeResponse(response: Response, outgoing: ServerResponse, idle: number): Promise<void> {
  const { headers, status, body } = response;
  for (const [name, value] of headers) outgoing.setHeader(name, value);
  if (body === null) {
    outgoing.writeHead(status);
    outgoing.end();
  } else if (!headers.has("content-length") && !headers.get("content-type")?.startsWith("text/event-stream")) {
    const bytes = new Uint8Array(await response.arrayBuffer());
    outgoing.writeHead(status, { "Content-Length": bytes.length });
    outgoing.end(bytes);
  } else {
    outgoing.writeHead(status);
    outgoing.flushHeaders();
    await writeBody(body, outgoing, idle);
  }
  await hearsOf(outgoing, "finish", idle);
}

async function writeBody(body: ReadableStream<Uint8Array>, outgoing: ServerResponse, idle: number): Promise<void> {
  const reader = body.getReader();
  // Also while the next piece is waited for: event streams wait long.
  outgoing.once("close", () => reader.cancel().catch(() => undefined));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (outgoing.destroyed) return;
      if (done) break;
      if (!outgoing.write(value)) await hearsOf(outgoing, "drain", idle);
    }
    outgoing.end();
  } catch {
    outgoing.destroy();
  }
}

/**
 * Waits until the client has taken what was written, or is gone. With a time of its own: on Bun a socket's timeout does
 * not come while something is waiting to be taken.
 */
function hearsOf(outgoing: ServerResponse, taken: "drain" | "finish", idle: number): Promise<void> {
  if (outgoing.destroyed || outgoing.writableFinished) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(patience);
      outgoing.off(taken, settle).off("close", settle);
      resolve();
    };
    const patience = setTimeout(() => outgoing.destroy(), idle);
    outgoing.on(taken, settle).on("close", settle);
  });
}
