import { describe, expect, test } from "bun:test";
import { ManualClock } from "../../../../test/manual-clock.ts";
import type { HttpFailure } from "../failure.ts";
import { ByteGate, type Lease } from "./byte-gate.ts";
import { grace, heldAnswer, slowestRate } from "./held-answer.ts";

/** What has become of a wish for room: a lease, a status, or nothing yet. */
function wish(asked: Promise<Lease>): { lease: Lease | null; status: number | null } {
  const seen: { lease: Lease | null; status: number | null } = { lease: null, status: null };
  asked.then(
    (lease) => {
      seen.lease = lease;
    },
    (error: HttpFailure) => {
      seen.status = error.status;
    },
  );
  return seen;
}
const settled = () => Bun.sleep(0);

describe("ByteGate", () => {
  test("lets in as many bytes as there is room for, the others in their order", async () => {
    const gate = new ByteGate(100, new ManualClock());
    const first = wish(gate.take(60, "a"));
    const second = wish(gate.take(60, "b"));
    const third = wish(gate.take(10, "c"));
    await settled();
    expect([first.lease, second.lease, third.lease]).toEqual([expect.anything(), null, null]);
    first.lease!.release();
    await settled();
    expect([second.lease, third.lease]).toEqual([expect.anything(), expect.anything()]);
  });

  test("who waits too long is told to come back", async () => {
    const clock = new ManualClock();
    const gate = new ByteGate(100, clock);
    await gate.take(100, "a");
    const late = wish(gate.take(1, "b"));
    clock.advance(11_000);
    await settled();
    expect(late.status).toBe(503);
  });

  test("nobody gets more than half for several things, and is in nobody's way then", async () => {
    const gate = new ByteGate(100, new ManualClock());
    const own = wish(gate.take(40, "a"));
    const more = wish(gate.take(20, "a"));
    const other = wish(gate.take(50, "b"));
    await settled();
    expect([own.lease, more.lease, other.lease]).toEqual([expect.anything(), null, expect.anything()]);
    own.lease!.release();
    await settled();
    expect(more.lease).not.toBeNull();
  });

  test("what is larger than all there is gets in alone", async () => {
    const gate = new ByteGate(100, new ManualClock());
    const huge = await gate.take(1_000, "a");
    const next = wish(gate.take(1, "b"));
    await settled();
    expect(next.lease).toBeNull();
    huge.release();
    huge.release();
    await settled();
    expect(next.lease).not.toBeNull();
  });

  test("a lease grows while there is room, and shrinks to the good of others", async () => {
    const gate = new ByteGate(100, new ManualClock());
    const one = await gate.take(0, "a");
    one.resize(80);
    expect(() => one.resize(90)).not.toThrow();
    await gate.take(10, "b");
    expect(() => one.resize(91)).toThrow();
    const next = wish(gate.take(50, "c"));
    one.resize(40);
    await settled();
    expect(next.lease).not.toBeNull();
  });
});

describe("heldAnswer", () => {
  const body = new Uint8Array(1_000_000).map((_, at) => at % 251);
  function answered() {
    const clock = new ManualClock();
    let released = 0;
    const lease: Lease = { resize() {}, release: () => void released++ };
    const response = heldAnswer(
      [body.subarray(0, 300_001), body.subarray(300_001)],
      { "Content-Type": "x/y" },
      { lease, clock },
    );
    return { clock, response, released: () => released > 0 };
  }

  test("is the whole body, and lets go of its room at the end", async () => {
    const { response, released } = answered();
    expect(released()).toBe(false);
    expect(response.headers.get("content-length")).toBe("1000000");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(body);
    expect(released()).toBe(true);
  });

  test("lets go of its room where the client leaves", async () => {
    const { response, released } = answered();
    await response.body!.cancel();
    expect(released()).toBe(true);
  });

  test("a client that takes nothing, or too little, is cut off", async () => {
    const { clock, response, released } = answered();
    const reader = response.body!.getReader();
    await reader.read();
    clock.advance(grace + 60_000);
    expect(released()).toBe(true);
    expect(
      await reader.read().then(
        () => "goes on",
        (error: Error) => error.message,
      ),
    ).toContain("too slowly");
  });

  test("one that takes enough is not", async () => {
    const { clock, response, released } = answered();
    const reader = response.body!.getReader();
    clock.advance(grace);
    let taken = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      taken += value.length;
      clock.advance((value.length / slowestRate) * 900);
    }
    expect([taken, released()]).toEqual([body.length, true]);
  });
});
