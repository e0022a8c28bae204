import { expect, test } from "bun:test";
import { ManualClock } from "../../../../test/manual-clock.ts";
import { timelyPieces } from "./body.ts";

/** A client that sends so many octets each time it is asked, after so many milliseconds. */
function upload(clock: ManualClock, octets: number, ms: number, pieces: number): Request {
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (pieces-- === 0) return controller.close();
        clock.advance(ms);
        controller.enqueue(new Uint8Array(octets));
      },
    },
    { highWaterMark: 0 },
  );
  return new Request("http://localhost/", { method: "POST", body });
}

async function taken(request: Request, clock: ManualClock, spent = 0): Promise<number | string> {
  let size = 0;
  try {
    for await (const piece of timelyPieces(request, 1024 ** 3, clock)) {
      size += piece.length;
      clock.advance(spent);
    }
  } catch (error) {
    return (error as Error).message;
  }
  return size;
}

test("a body that comes octet by octet is given up, one that only takes its time is not", async () => {
  const clock = new ManualClock();
  expect(await taken(upload(clock, 1, 1000, 1000), clock)).toBe("The request body comes too slowly");
  expect(await taken(upload(clock, 20 * 1024, 1000, 100), clock)).toBe(100 * 20 * 1024);
  expect(await taken(upload(clock, 1, 1000, 20), clock)).toBe(20);
});

test("how long its pieces take here is not held against the client", async () => {
  const clock = new ManualClock();
  expect(await taken(upload(clock, 1000, 1, 100), clock, 10_000)).toBe(100_000);
});
