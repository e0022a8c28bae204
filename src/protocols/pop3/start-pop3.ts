import type { ListenerOptions, Listening, Services } from "../services.ts";
import { listenOnStreams, type StreamProtocol } from "../stream-listener.ts";
import { Session } from "./session.ts";

/**
 * Serves INBOX over POP3. What holds here:
 * - the maildrop is INBOX as it was at login, whole, and keeps its message numbers until the end of the session;
 * - nothing changes before QUIT, and then everything marked does at once or nothing does (RFC 1939 §6);
 * - a lost connection, a timeout and a shutdown remove nothing.
 *
 * The maildrop is not locked (RFC 1939 §4 would have that): IMAP sessions and deliveries go on meanwhile.
 *
 * @throws where a port cannot be bound
 */
export async function startPop3(services: Services, options: ListenerOptions): Promise<Listening> {
  return listenOnStreams(services, options, pop3Protocol(services, options));
}

/** POP3 as a listener serves it, whatever its connections are made of. */
export function pop3Protocol(services: Services, options: ListenerOptions): StreamProtocol {
  return {
    name: "pop3",
    full: "-ERR [SYS/TEMP] Too many connections, try again later\r\n",
    converse: (socket) => new Session(services, options, socket),
  };
}
