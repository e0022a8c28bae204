import { afterEach, expect, test } from "bun:test";
import { ManualClock } from "../../../../test/manual-clock.ts";
import type { Accounts } from "../../../actors/account/requests.ts";
import type { AccountId, MailboxId } from "../../../domain/ids.ts";
import { someMailbox, someUser, startBareHttp } from "../bare-server.testing.ts";
import type { HttpFailure } from "../failure.ts";
import { ByteGate } from "../memory/byte-gate.ts";
import { grace } from "../memory/held-answer.ts";
import { sourceStream } from "./source-stream.ts";

type Bare = Awaited<ReturnType<typeof startBareHttp>>;
const running: Bare[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ listening }) => listening.drain(0)));
});
async function start(parts: Parameters<typeof startBareHttp>[0] = {}): Promise<Bare> {
  const server = await startBareHttp(parts);
  running.push(server);
  return server;
}

test("a message that is expunged while it is read breaks off, and is not taken for a whole one", async () => {
  let pieces = 0;
  const { request } = await start({
    ask: () =>
      ++pieces > 1
        ? { ok: true, seq: 2, uids: new Uint32Array(), offsets: new Uint32Array(), sizes: new Uint32Array(), rest: [] }
        : {
            ok: true,
            seq: 1,
            uids: Uint32Array.of(1),
            offsets: Uint32Array.of(0, 1024 * 1024),
            sizes: Uint32Array.of(2 * 1024 * 1024),
            bytes: new Uint8Array(1024 * 1024),
            rest: [],
          },
  });
  const reading = request(`/users/${someUser}/mailboxes/${someMailbox}/messages/1/message.eml`);
  await expect(reading.then((response) => response.arrayBuffer())).rejects.toThrow();
  expect(pieces).toBe(2);
});

test("messages that nobody takes count for what they hold, and are let go of when their client leaves or takes too long", async () => {
  const megabyte = 1024 * 1024;
  const clock = new ManualClock();
  const gate = new ByteGate(2 * megabyte, clock);
  let held = 0;
  const accounts = {
    ask: async () => {
      held++;
      return {
        ok: true,
        seq: 1,
        uids: Uint32Array.of(1),
        offsets: Uint32Array.of(0, 256 * 1024),
        sizes: Uint32Array.of(50 * megabyte),
        bytes: new Uint8Array(256 * 1024),
        rest: [],
      };
    },
  } as unknown as Accounts;
  const open = (whose: string) =>
    sourceStream({ accounts, gate, clock }, whose as AccountId, someMailbox as MailboxId, 1);
  const first = await Promise.all(["a", "b", "c", "d"].map(open));
  const waiting = open("e");
  let came = false;
  waiting.then(() => {
    came = true;
  });
  await Bun.sleep(0);
  expect([held, came]).toEqual([4, false]);
  await first[0]!.stream.cancel();
  await waiting;
  expect(held).toBe(5);
  const refused = open("f").catch((error: HttpFailure) => error.status);
  clock.advance(11_000);
  expect(await refused).toBe(503);
  clock.advance(grace + 60_000);
  await expect(first[1]!.stream.getReader().read()).rejects.toThrow("too slowly");
  await Promise.all(["g", "h", "i", "j"].map(open));
  expect(held).toBe(9);
});
