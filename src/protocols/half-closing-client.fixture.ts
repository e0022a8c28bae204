import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";

/** How a client makes its connection one of TLS: by what it says before, or from the first octet. */
export type Security = { readonly ask: string; readonly granted: string } | "fromTheStart" | "none";
/** How it ends its sending side: TCP's FIN alone, or with TLS's close_notify before it. */
export type Farewell = "fin" | "close_notify";

export type Manner = {
  readonly security?: Security;
  readonly farewell?: Farewell;
  /** Sent in one packet with the first of TLS. */
  readonly before?: string;
  /** Done when the kernel has the last of it, the FIN; the client does not leave before that is done. */
  readonly silent?: () => Promise<void>;
};

/**
 * Says everything it has to say without waiting, ends its sending side (RFC 9293 §3.6), and answers all it hears until
 * the server closes.
 */
export async function sayAllAndListen(
  port: number,
  text: string | Uint8Array,
  { security = "none", farewell = "fin", before = "", silent }: Manner,
): Promise<string> {
  const raw = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  raw.on("error", () => undefined);
  await new Promise((resolve, reject) => raw.once("connect", resolve).once("error", reject));
  const done = new Promise<void>((resolve, reject) => {
    raw.once("finish", () => (silent?.() ?? Promise.resolve()).then(resolve, reject));
  });
  if (security === "none") {
    const heard = everything(raw);
    raw.end(text);
    await done;
    return heard;
  }
  if (security !== "fromTheStart") {
    raw.write(security.ask);
    await until(raw, security.granted);
  }
  let first = Buffer.from(before);
  const carrier = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      raw.write(Buffer.concat([first, chunk]), () => done());
      first = Buffer.alloc(0);
    },
    final: (done) => void raw.end(() => done()),
  });
  raw.on("data", (bytes) => carrier.push(bytes));
  raw.on("end", () => carrier.push(null));
  const socket = connectTls({ socket: carrier as never, rejectUnauthorized: false, allowHalfOpen: true } as never);
  socket.on("error", () => undefined);
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const heard = everything(socket);
  if (farewell === "close_notify") socket.end(text);
  else socket.write(text, () => raw.end());
  await done;
  return heard;
}

function everything(socket: Socket | TLSSocket): Promise<string> {
  let text = "";
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
  });
  return new Promise((resolve) => {
    socket.once("end", () => resolve(text));
    socket.once("close", () => resolve(text));
  });
}

async function until(socket: Socket, text: string): Promise<void> {
  let heard = "";
  await new Promise<void>((resolve) => {
    const listen = (bytes: Buffer) => {
      heard += bytes.toString("latin1");
      if (!heard.includes(text)) return;
      socket.off("data", listen);
      resolve();
    };
    socket.on("data", listen);
  });
}
