import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteSocket, type Conversation, type Wire } from "./byte-socket.ts";

/** A wire that takes as many octets as it is told to. */
class NarrowWire implements Wire {
  readonly taken: number[] = [];
  room = 0;
  closed: "end" | "terminate" | null = null;

  write(bytes: Uint8Array): number {
    const count = Math.min(this.room, bytes.length);
    this.taken.push(...bytes.subarray(0, count));
    this.room -= count;
    return count;
  }

  end(): void {
    this.closed ??= "end";
  }

  terminate(): void {
    this.closed ??= "terminate";
  }

  pause(): void {}
  resume(): void {}
}

function open(): { wire: NarrowWire; socket: ByteSocket; heard: string[] } {
  const wire = new NarrowWire();
  const socket = new ByteSocket(wire, "127.0.0.1", 0, () => {});
  const heard: string[] = [];
  const say = (what: string) => () => {
    heard.push(what);
  };
  const conversation: Conversation = {
    received: say("received"),
    drained: say("drained"),
    exhausted: say("exhausted"),
    secured: say("secured"),
    closed: say("closed"),
    expired: say("expired"),
    leave: say("leave"),
  };
  socket.conversation = conversation;
  return { wire, socket, heard };
}

test("octets come out in order, however little the wire takes at a time", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.array(fc.nat(15)), (pieces, rooms) => {
      const { wire, socket } = open();
      const all = pieces.flatMap((piece) => [...piece]);
      for (const [at, piece] of pieces.entries()) {
        wire.room += rooms[at] ?? 0;
        socket.write(piece);
        if (at % 3 === 2) socket.flush();
        expect(wire.taken.length + socket.queued).toBe(
          pieces.slice(0, at + 1).reduce((sum, { length }) => sum + length, 0),
        );
      }
      wire.room = 1_000;
      socket.flush();
      expect(wire.taken).toEqual(all);
      expect(socket.queued).toBe(0);
    }),
  );
});

test("octets that do not last are copied before they wait", () => {
  const { wire, socket } = open();
  const bytes = Uint8Array.of(1, 2, 3);
  wire.room = 1;
  socket.write(bytes, false);
  bytes.fill(9);
  wire.room = 10;
  socket.flush();
  expect(wire.taken).toEqual([1, 2, 3]);
});

test("drain resolves when all is out, and when the connection is gone", async () => {
  const one = open();
  one.socket.write("abc");
  let drained = false;
  const waiting = one.socket.drain().then(() => {
    drained = true;
  });
  one.wire.room = 2;
  one.socket.flush();
  await Promise.resolve();
  expect(drained).toBe(false);
  one.wire.room = 2;
  one.socket.flush();
  await waiting;
  expect(one.heard).toEqual(["drained"]);
  const other = open();
  other.socket.write("abc");
  const gone = other.socket.drain();
  other.socket.gone();
  await gone;
  expect(other.heard).toEqual(["closed"]);
  await other.socket.drain();
});

test("end sends what is queued first; destroy does not wait; what is written afterwards is dropped", () => {
  const { wire, socket } = open();
  socket.write("abc");
  socket.end();
  expect(wire.closed).toBeNull();
  socket.write("never");
  wire.room = 100;
  socket.flush();
  expect(wire.closed).toBe("end");
  expect(Buffer.from(wire.taken).toString()).toBe("abc");
  const other = open();
  other.socket.write("abc");
  other.socket.destroy();
  expect(other.wire.closed).toBe("terminate");
});

test("the conversation hears of the end once", () => {
  const { socket, heard } = open();
  socket.gone();
  socket.gone();
  expect(heard).toEqual(["closed"]);
});
