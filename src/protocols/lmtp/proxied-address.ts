import type { Socket } from "node:net";
import { readProxyHeader } from "../proxy-protocol.ts";

/**
 * Reads the PROXY header in front of a connection and answers the client's address, or null for the balancer's own
 * health checks. What follows the header stays in the socket.
 *
 * @throws where there is no such header, or the connection ends before it
 */
export function readProxiedAddress(socket: Socket): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let early = Buffer.alloc(0);
    const settle = (act: () => void) => {
      socket.off("readable", read).off("error", fail).off("close", leave).off("end", leave);
      act();
    };
    // A socket without an error listener takes the process down with it.
    const fail = (error: Error) => settle(() => reject(error));
    const leave = () => settle(() => reject(new Error("connection ended before its PROXY header")));
    const read = () => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
        early = Buffer.concat([early, chunk]);
        const header = readProxyHeader(early);
        if (header.kind === "bad") {
          socket.on("error", () => undefined);
          return settle(() => reject(new Error(header.why)));
        }
        if (header.kind === "header") {
          const rest = early.subarray(header.length);
          if (rest.length > 0) socket.unshift(rest);
          return settle(() => resolve(header.remote));
        }
      }
    };
    socket.on("readable", read).on("error", fail).on("close", leave).on("end", leave);
  });
}
