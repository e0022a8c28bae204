import { message } from "./messages.ts";
import type { Offer, OpenLoop } from "./open-loop.ts";
import { OpenLoopConnection } from "./open-loop-connection.ts";

/** Offers messages over LMTP, over each connection the next when the one before has been answered: as much as a server can carry. */
export async function closedLoop(options: Omit<OpenLoop, "rate">): Promise<readonly Offer[]> {
  const { port, seconds, connections, addresses, size, first } = options;
  const offers: Offer[] = [];
  let next = first;
  const end = performance.now() + seconds * 1000;
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const more = (): void => {
        if (!connection.open || performance.now() >= end) {
          connection.close();
          return resolve();
        }
        const number = next++;
        const to = addresses[number % addresses.length]!;
        const begun = performance.now();
        connection.offer(
          to,
          () => message(number, size),
          (result, reply) => {
            offers.push({ number, to, due: begun, begun, said: performance.now(), result, reply });
            more();
          },
        );
      };
      const connection: OpenLoopConnection = new OpenLoopConnection(port, more, resolve);
    });
  await Promise.all(Array.from({ length: connections }, one));
  return offers;
}
