import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";
import { readRequest } from "./read-request.ts";
import { RequestSlices } from "./request-slices.ts";
import { writeResponse } from "./write-response.ts";

/** Answers a request that came from the address `peer`. Never throws. */
export type Fetch = (request: Request, peer: string) => Promise<Response>;

export type WebServerOptions = {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly reusePort: boolean;
  /** What node:tls is told; null: clear text. */
  readonly tls: { readonly key: string; readonly cert: string } | null;
  /** A client that neither sends nor takes a byte for so long, milliseconds, is gone. */
  readonly idle: number;
  readonly fetch: Fetch;
};

/** One listening port that answers requests as the Fetch standard has them. */
export interface WebServer {
  readonly port: number;
  /** Requests that are not answered to the end. */
  readonly pending: number;
  /** Listens no more; resolves when all that were begun are answered and every connection is gone. */
  stop(): Promise<void>;
  /** Ends all that is still there. */
  end(): void;
}

/**
 * Listens. A client that has ended its sending side is still answered, which `Bun.serve` does not do: node:http reads
 * and writes on connections that were taken by node:net and node:tls, which can share a port between processes, as
 * node:http's own listening cannot on Bun (docs/adr/0013-half-closed-connections.md).
 *
 * @throws where the port cannot be bound
 */
export async function serveWeb({ host, port, reusePort, tls, idle, fetch }: WebServerOptions): Promise<WebServer> {
  const sockets = new Set<Socket>();
  const running = new Map<ServerResponse, Socket>();
  let stopping = false;

  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { socket } = incoming;
    running.set(outgoing, socket);
    outgoing.once("close", () => {
      running.delete(outgoing);
      if (stopping && ![...running.values()].includes(socket)) socket.end();
    });
    const request = readRequest(incoming, outgoing, tls !== null);
    const response = request instanceof Response ? request : await fetch(request, socket.remoteAddress ?? "");
    await writeResponse(response, outgoing, idle);
  };
  const http = createHttp({ keepAliveTimeout: idle, headersTimeout: idle, requestTimeout: 0 });
  // `timeout`: node:http sets the socket's anew with each request.
  Object.assign(http, { httpAllowHalfOpen: true, timeout: idle });
  const slices = new RequestSlices();
  http.on("request", (incoming, outgoing) => {
    slices.add(() => {
      answer(incoming, outgoing).catch(() => outgoing.destroy());
    });
  });

  const take = (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setTimeout(idle, () => socket.destroy());
  };
  const serve = (socket: Socket) => {
    take(socket);
    http.emit("connection", socket);
  };
  const how = { allowHalfOpen: true, noDelay: true };
  const server = tls === null ? createServer(how, serve) : createTls({ ...how, ...tls, handshakeTimeout: idle }, serve);
  if (tls !== null) server.on("connection", take);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, reusePort, backlog: 1024 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    get pending() {
      return running.size;
    },
    stop() {
      stopping = true;
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      const busy = new Set(running.values());
      for (const socket of sockets) if (!busy.has(socket)) socket.end();
      return stopped;
    },
    end() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
