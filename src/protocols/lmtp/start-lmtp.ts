import { Admission } from "../admission.ts";
import { trustedAddresses } from "../proxy-protocol.ts";
import type { ListenerOptions, Listening, Services } from "../services.ts";
import { Crowd } from "./crowd.ts";
import { LmtpServer } from "./lmtp-server.ts";

/**
 * Takes mail from MTAs. What holds here:
 * - "250" is said of a recipient only when the append to its account is durable (RFC 2033 §4.2);
 * - the stored message is Return-Path, Delivered-To, and then the very octets between DATA and its end;
 * - nothing but CRLF "." CRLF ends a message;
 * - a connection holds two pieces of a message, each below a megabyte, whatever its size;
 * - what cannot be stored in time is refused at MAIL or RCPT, before the message is sent (see `Admission`).
 *
 * @throws where a port cannot be bound
 */
export async function startLmtp(
  services: Services,
  options: ListenerOptions,
  admission = new Admission(usualDeliveries, services.clock.monotonic),
): Promise<Listening> {
  const trusted = trustedAddresses(options.proxyProtocolFrom);
  const servers: LmtpServer[] = [];
  const count = () => servers.reduce((sum, server) => sum + server.connections.size, 0);
  const crowd = new Crowd(services, options);
  const addresses: { host: string; port: number; tls: boolean }[] = [];
  for (const tls of [false, true]) {
    const port = tls ? options.tlsPort : options.port;
    if (port === null) continue;
    const server = new LmtpServer(services, options, { tls, trusted, crowd, admission });
    const bound = await server.listenOn(options.host, port, options.reusePort);
    servers.push(server);
    addresses.push({ host: options.host, port: bound, tls });
  }
  return {
    addresses,
    connections: count,
    async drain(ms) {
      await Promise.all(servers.map((server) => server.drain(ms)));
    },
  };
}

const usualDeliveries = 250;
