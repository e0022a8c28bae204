import { afterEach, expect, test } from "bun:test";
import { someMailbox, someUser, startBareHttp } from "../bare-server.testing.ts";

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
