import type { IncomingMessage, ServerResponse } from "node:http";
import { failureResponse, HttpFailure } from "./failure.ts";
import { hostIn } from "./request-host.ts";

/**
 * A request as the Fetch standard has it, or the answer to one that has no place there. Its signal is aborted when the
 * client has gone before it is answered.
 */
export function readRequest(incoming: IncomingMessage, outgoing: ServerResponse, secure: boolean): Request | Response {
  const headers = new Headers();
  const { rawHeaders } = incoming;
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
    if (rawHeaders[at]!.toLowerCase() === "host") hosts++;
  }
  const host = headers.get("host") ?? "";
  // RFC 9112 §3.2. Empty it may be (RFC 9110 §7.2), and in HTTP/1.0 missing.
  if (hosts > 1 || (host !== "" && hostIn(host) === null)) return failureResponse(badHost());
  const target = pathIn(incoming.url ?? "");
  if (target === null) return failureResponse(badTarget());
  const gone = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const method = incoming.method ?? "GET";
  const body = hasBody(method, headers) ? bodyOf(incoming, outgoing) : null;
  try {
    const url = `${secure ? "https" : "http"}://${host || "localhost"}${target}`;
    return new Request(url, {
      method,
      headers,
      signal: gone.signal,
      ...(body ? { body, duplex: "half" } : {}),
    } as RequestInit);
  } catch {
    return failureResponse(badTarget());
  }
}

const badHost = () => new HttpFailure(400, "InvalidHost", "The Host header does not name a host");
const badTarget = () => new HttpFailure(400, "BadRequest", "What is asked for cannot be read");

/** Path and query of a request's target (RFC 9112 §3.2.1, §3.2.2); null: it is of another form. */
function pathIn(target: string): string | null {
  if (target.startsWith("/")) return target;
  const absolute = /^https?:\/\/[^/?#]*(.*)$/i.exec(target);
  if (absolute === null) return null;
  return absolute[1]!.startsWith("/") ? absolute[1]! : `/${absolute[1]!}`;
}

function hasBody(method: string, headers: Headers): boolean {
  if (method === "GET" || method === "HEAD") return false;
  return headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
}

/**
 * The body as it comes; the client is read no faster than it is taken. It is the socket that is paused: Bun goes on
 * reading for a request that is paused, and keeps all of it, where the connection was not accepted by node:http.
 */
function bodyOf(incoming: IncomingMessage, outgoing: ServerResponse): ReadableStream<Uint8Array> {
  const { socket } = incoming;
  let over = false;
  const end = (act: () => void) => {
    if (!over) act();
    over = true;
    socket.resume();
  };
  // Whatever of it nobody wants is read past, lest the connection stands still.
  outgoing.once("finish", () => end(() => undefined));
  socket.pause();
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        incoming.on("data", (bytes: Buffer) => {
          if (over) return;
          controller.enqueue(bytes);
          socket.pause();
        });
        incoming.on("end", () => end(() => controller.close()));
        incoming.on("error", (error) => end(() => controller.error(error)));
        // Bun tells the response alone that the connection is gone.
        outgoing.once("close", () => end(() => controller.error(new Error("The client has gone"))));
      },
      pull: () => void socket.resume(),
      cancel: () => end(() => undefined),
    },
    { highWaterMark: 0 },
  );
}
