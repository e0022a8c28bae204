import { createSecureContext } from "node:tls";
import { trustedAddresses } from "../proxy-protocol.ts";
import { tlsForNode } from "../tls-policy.ts";
import { createApp } from "./app.ts";
import { anyOf, rootTokenLookup, userTokenLookup } from "./auth/token.ts";
import { failureResponse, HttpFailure } from "./failure.ts";
import { ByteGate } from "./memory/byte-gate.ts";
import { operations } from "./operations.ts";
import { RequestPlaces } from "./request-places.ts";
import type { AllServices, HttpListening, HttpOptions } from "./services.ts";
import { serveWeb, type WebServer } from "./web-server.ts";

// A client that neither sends nor takes a byte for so long is gone; event streams say something more often.
const idle = 60_000;
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
    places: new RequestPlaces({
      perAddress: options.maxRequestsPerAddress,
      perUser: options.maxRequestsPerUser,
      trusted: trustedAddresses(options.trustedNetworks),
    }),
    gate: new ByteGate(Math.max(roomForMessages, options.messageSize), services.clock),
  });
  let running = 0;

  const fetch = async (request: Request, peer: string): Promise<Response> => {
    if (leaving.signal.aborted) return goodbye(leaves());
    if (running >= options.maxRequests && !(isProbe(request) && running < options.maxRequests + keptForProbes)) {
      services.metrics.refused("http", "connections");
      return failureResponse(tooMany());
    }
    running++;
    services.metrics.connected("http");
    try {
      if (request.method !== "HEAD") return await app.fetch(request, { peer });
      // Answered as GET and without its body, which must not go on being produced.
      const response = await app.fetch(new Request(request, { method: "GET" }), { peer });
      await response.body?.cancel();
      return new Response(null, response);
    } catch (error) {
      services.logger.error({ protocol: "http", err: error }, "Cannot answer a request");
      return failureResponse(new HttpFailure(500, "InternalServerError", "The server failed to answer"));
    } finally {
      running--;
      services.metrics.disconnected("http");
    }
  };

  const serve = (port: number, tls: boolean): Promise<WebServer> =>
    serveWeb({
      host: options.host,
      port,
      reusePort: options.reusePort,
      tls: tls ? tlsForNode(services.tls()) : null,
      idle,
      fetch,
    });

  const clear = options.port === null ? null : await serve(options.port, false);
  let secure: WebServer | null = null;
  try {
    secure = options.tlsPort === null ? null : await serve(options.tlsPort, true);
  } catch (error) {
    void clear?.stop();
    throw error;
  }
  const replaced = new Set<WebServer>();
  const servers = () => [clear, secure, ...replaced].filter((server) => server !== null);
  const addresses = [clear, secure].flatMap((server) =>
    server === null ? [] : [{ host: options.host, port: server.port, tls: server === secure }],
  );

  return {
    addresses,
    connections: () => servers().reduce((sum, server) => sum + server.pending, 0),
    async renewCertificate() {
      if (secure === null) return;
      createSecureContext(services.tls()); // throws for what is no certificate, while the old one still serves
      const old = secure;
      const gone = old.stop();
      replaced.add(old);
      secure = await serve(old.port, true);
      gone.finally(() => replaced.delete(old));
    },
    async drain(ms) {
      leaving.abort();
      const gone = Promise.all(servers().map((server) => server.stop()));
      let forget = () => {};
      const late = new Promise<void>((resolve) => {
        forget = services.clock.after(ms, resolve);
      });
      await Promise.race([gone, late]);
      forget();
      for (const server of servers()) server.end();
      await gone;
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
