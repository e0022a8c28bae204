import { connect } from "node:net";

/** Nothing taken for so long: the server has had enough, milliseconds. */
const stall = 1_500;

/**
 * Says `opening`, then `piece` again and again as fast as it is taken and without ever reading, up to so many octets.
 * Resolves when they are all taken, when the server takes no more, or when it has ended the connection.
 */
export function flood(
  port: number,
  opening: string,
  piece: string,
  octets: number,
): Promise<{ taken: number; close(): void }> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined);
  socket.pause();
  socket.write(opening);
  const bytes = Buffer.from(piece, "latin1");
  let taken = 0;
  return new Promise((resolve) => {
    let stalled: Timer | undefined;
    const done = (): void => {
      clearTimeout(stalled);
      resolve({ taken, close: () => socket.destroy() });
    };
    socket.once("close", done);
    const more = (error?: Error | null): void => {
      clearTimeout(stalled);
      if (error || socket.destroyed || taken >= octets) return done();
      stalled = setTimeout(done, stall);
      socket.write(bytes, (failed) => {
        if (!failed) taken += bytes.length;
        more(failed);
      });
    };
    more();
  });
}
