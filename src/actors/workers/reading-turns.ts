import type { Cpu } from "./cpu.ts";

/** What a worker says of the message that it is about to read for people, and (null) when it has done so. */
export type Reading = { readonly message: string; readonly size: number } | null;

/** Names a message by its bytes; quick, and good enough to know one again. */
export function nameOf(message: Uint8Array): string {
  return Bun.hash(message).toString(36);
}

/**
 * The same jobs, where messages are read for people one at a time and each is told of before: should the worker not
 * come back from one, it is known from which.
 */
export function readingInTurn(jobs: Cpu, tell: (reading: Reading) => void): Cpu {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(message: Uint8Array, read: () => Promise<T>): Promise<T> => {
    const turn = last.then(async () => {
      tell({ message: nameOf(message), size: message.length });
      try {
        return await read();
      } finally {
        tell(null);
      }
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    ...jobs,
    readable: (message, whose) => inTurn(message, () => jobs.readable(message, whose)),
    attachment: (message, id, whose) => inTurn(message, () => jobs.attachment(message, id, whose)),
  };
}
