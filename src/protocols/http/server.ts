import { createSecureContext } from "node:tls";
import type { Server } from "bun";
import { trustedAddresses } from "../proxy-protocol.ts";
import { tlsForBun } from "../tls-policy.ts";
import { createApp } from "./app.ts";
import { anyOf, rootTokenLookup, userTokenLookup } from "./auth/token.ts";
import { failureResponse, HttpFailure } from "./failure.ts";
import { ByteGate } from "./memory/byte-gate.ts";
import { operations } from "./operations.ts";
import { withReadableUrl } from "./request-host.ts";
import type { AllServices, HttpListening, HttpOptions } from "./services.ts";

// A client that neither sends nor takes a byte for so long is gone; event streams say something more often.
const idleSeconds = 60;
/** Octets of messages, bodies and answers that are in memory at one time; what is made of them is a few times more. */
const roomForMessages = 64 * 1024 * 1024;

/**
 * Serves the API, clear and over TLS, on the addresses of `options`; resolves when both are listening.
 *
 * @throws where an address cannot be had or the certificate is not one
 */
export async function startHttp(services: AllServices, options: HttpOptions): Promise<HttpListening> {
  const leaving = new AbortController();
  const app = createApp({
    services,
    options,
    operations,
    lookup: anyOf(rootTokenLookup(options.token), userTokenLookup(services.directory)),
    trusted: trustedAddresses(options.trustedProxies),
    leaving: leaving.signal,
    gate: new ByteGate(Math.max(roomForMessages, options.messageSize), services.clock),
  });
  let running = 0;

  const fetch = async (asSent: Request, server: Server<undefined>): Promise<Response> => {
    const request = withReadableUrl(asSent);
    if (request instanceof Response) return request;
    if (leaving.signal.aborted) return goodbye(leaves());
    if (running >= options.maxRequests && !(isProbe(request) && running < options.maxRequests + keptForProbes)) {
      services.metrics.refused("http", "connections");
      return failureResponse(tooMany());
    }
    running++;
    services.metrics.connected("http");
    try {
      const peer = server.requestIP(asSent)?.address ?? "";
      if (request.method !== "HEAD") return await app.fetch(request, { peer });
      // Answered as GET and without its body, which must not go on being produced.
      const response = await app.fetch(new Request(request, { method: "GET" }), { peer });
      await response.body?.cancel();
      return new Response(null, response);
    } finally {
      running--;
      services.metrics.disconnected("http");
    }
  };

  const serve = (port: number, tls: boolean): Server<undefined> =>
    Bun.serve({
      hostname: options.host,
      port,
      reusePort: options.reusePort,
      idleTimeout: idleSeconds,
      // Every operation has its own limit, and says so in an answer clients understand.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      ...(tls ? { tls: tlsForBun(services.tls()) } : {}),
      fetch,
      error(error) {
        services.logger.error({ protocol: "http", err: error }, "Cannot answer a request");
        return failureResponse(new HttpFailure(500, "InternalServerError", "The server failed to answer"));
      },
    });

  const clear = options.port === null ? null : serve(options.port, false);
  let secure: Server<undefined> | null = null;
  try {
    secure = options.tlsPort === null ? null : serve(options.tlsPort, true);
  } catch (error) {
    clear?.stop(true);
    throw error;
  }
  const replaced = new Set<Server<undefined>>();
  const servers = () => [clear, secure, ...replaced].filter((server) => server !== null);
  const addresses = [clear, secure].flatMap((server) =>
    server === null ? [] : [{ host: options.host, port: server.port!, tls: server === secure }],
  );

  return {
    addresses,
    connections: () => servers().reduce((sum, server) => sum + server.pendingRequests, 0),
    async renewCertificate() {
      if (secure === null) return;
      createSecureContext(services.tls()); // throws for what is no certificate, while the old one still serves
      const old = secure;
      const port = old.port!;
      const gone = old.stop();
      replaced.add(old);
      secure = serve(port, true);
      gone.finally(() => replaced.delete(old));
    },
    async drain(ms) {
      leaving.abort();
      const gone = Promise.all(servers().map((server) => server.stop()));
      for (const server of servers()) server.closeIdleConnections();
      let forget = () => {};
      const late = new Promise<void>((resolve) => {
        forget = services.clock.after(ms, resolve);
      });
      await Promise.race([gone, late]);
      forget();
      await Promise.all(servers().map((server) => server.stop(true)));
    },
  };
}

/** Beyond `maxRequests`: a node that is busy is not to be taken for dead, nor to become invisible. */
const keptForProbes = 20;

function isProbe(request: Request): boolean {
  return ["/health", "/ready", "/metrics"].includes(new URL(request.url).pathname);
}

const leaves = () =>
  failureResponse(new HttpFailure(503, "ServiceUnavailable", "This node is leaving", { retryAfter: 1 }));

function goodbye(response: Response): Response {
  response.headers.set("Connection", "close");
  return response;
}

const tooMany = () => new HttpFailure(503, "ServerBusy", "The server is busy, try again later", { retryAfter: 1 });
