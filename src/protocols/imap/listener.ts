import type { ListenerOptions, Listening, Services } from "../services.ts";
import { listenOnStreams, type StreamProtocol } from "../stream-listener.ts";
import type { ImapServer } from "./imap-server.ts";
import { OutputPool } from "./output-pool.ts";
import { Session } from "./session.ts";

/**
 * Listens for IMAP on the clear-text port (with STARTTLS) and the TLS port.
 *
 * @throws where a port cannot be bound
 */
export async function startImap(services: Services, options: ListenerOptions): Promise<Listening> {
  return listenOnStreams(services, options, imapProtocol(services, options));
}

/** IMAP as a listener serves it, whatever its connections are made of. */
export function imapProtocol(services: Services, options: ListenerOptions): StreamProtocol {
  const limits = { lineLength: options.lineLength, streamAppend: true };
  const server: ImapServer = {
    services,
    options,
    outputs: new OutputPool(),
    // Before login nobody needs more than a name and a password.
    before: { ...limits, lineLength: Math.min(options.lineLength, 8_192), literals: 4_096 },
    after: { ...limits, literals: Math.max(options.lineLength, 65_536) },
  };
  return {
    name: "imap",
    full: "* BYE [UNAVAILABLE] Too many connections, try again later\r\n",
    converse: (socket) => new Session(server, socket),
  };
}
