import type { ByteSocket } from "../byte-socket.ts";
import { type Reply, statusLine } from "./reply.ts";

/** Lines are sent in pieces of about this many characters. */
const pieceSize = 16 * 1024;

/** Sends a reply; a long one waits for the client to read. Null where nothing is left to wait for. */
export function sendReply(socket: ByteSocket, reply: Reply): Promise<void> | null {
  if (reply.status === "+OK" && "octets" in reply) return sendOctets(socket, statusLine(reply), reply.octets);
  if (reply.status === "+OK" && "lines" in reply) return sendLines(socket, statusLine(reply), reply.lines);
  socket.write(statusLine(reply));
  return socket.congested ? socket.drain() : null;
}

async function sendLines(socket: ByteSocket, status: string, lines: Iterable<string>): Promise<void> {
  let piece = status;
  for (const line of lines) {
    piece += `${line}\r\n`;
    if (piece.length < pieceSize) continue;
    socket.write(piece);
    piece = "";
    if (socket.congested) await socket.drain();
    if (socket.ended) return;
  }
  socket.write(`${piece}.\r\n`);
  if (socket.congested) await socket.drain();
}

async function sendOctets(socket: ByteSocket, status: string, octets: AsyncIterable<Uint8Array>): Promise<void> {
  let opening: string | null = status;
  for await (const piece of octets) {
    if (socket.ended) return;
    if (opening !== null && piece.length < pieceSize) socket.write(Buffer.concat([Buffer.from(opening), piece]));
    else {
      if (opening !== null) socket.write(opening);
      socket.write(piece);
    }
    opening = null;
    if (socket.congested) await socket.drain();
  }
}
