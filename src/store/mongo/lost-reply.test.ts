import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { isThere, startMongo } from "../../../test/engines.ts";
import {
  addressOf,
  blobIdOf,
  bytesOf,
  entryOf,
  manualClock,
  newAccountId,
  newMessageId,
  plain,
  textBytes,
  userOf,
} from "../contract-fixtures.ts";
import { StoreUnavailable } from "../log.ts";
import type { Stores } from "../stores.ts";
import { type MongoStores, openMongoStores } from "./open-mongo-stores.ts";

// An engine on a busy machine takes its time.
setDefaultTimeout(120_000);

const own = await startMongo();

/** Between client and server; loses the k-th reply to a command, with its connection. */
class LossyWire {
  lost = false;
  #countdown = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(port: number) {
    this.#server = createServer((client) => {
      const server = connect({ port, host: "127.0.0.1" });
      let isCommand = false;
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
      client.on("data", (bytes: Buffer) => {
        // Greetings and heartbeats are the driver's own affair.
        isCommand = !bytes.includes("hello") && !bytes.includes("ismaster");
        server.write(bytes);
      });
      server.on("data", (bytes: Buffer) => {
        if (isCommand && this.#countdown > 0 && --this.#countdown === 0) {
          this.lost = true;
          client.destroy();
          server.destroy();
        } else client.write(bytes);
      });
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  loseReply(k: number): void {
    this.lost = false;
    this.#countdown = k;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

if (!isThere(own)) describe("A reply that MongoDB gave and nobody got", () => test.skip(own.missing, () => {}));
else
  describe("A reply that MongoDB gave and nobody got", () => {
    const wire = new LossyWire(Number(new URL(own.url).port));
    let stores: MongoStores;
    let direct: MongoStores;
    beforeAll(async () => {
      const url = `mongodb://127.0.0.1:${await wire.listen()}/?directConnection=true`;
      const options = { database: "eider_test_lost", clock: manualClock() };
      stores = await openMongoStores({ ...options, url });
      direct = await openMongoStores({ ...options, url: own.url });
    });
    afterAll(async () => {
      await stores.close();
      await direct.close();
      wire.close();
      await own.dispose();
    });

    /** Loses the first reply, the second, … of what `run` does, until it is through without a loss. */
    async function losingEach(run: (round: number) => Promise<() => Promise<void>>): Promise<number> {
      for (let k = 1; ; k++) {
        wire.loseReply(k);
        const check = await run(k);
        const { lost } = wire;
        wire.loseReply(0);
        await check();
        if (!lost) return k - 1;
      }
    }

    test("an append is `appended`, once, without its caller hearing of the loss", async () => {
      const lost = await losingEach(async () => {
        const entries = [entryOf(newAccountId(), 1, { bodies: [textBytes("x")] }), entryOf(newAccountId(), 1)];
        expect(await stores.log.append(entries)).toEqual(["appended", "appended"]);
        return async () => {
          expect(plain(await direct.log.read(entries[0]!.account, 0, 9, "bodies"))).toEqual(plain([entries[0]]));
          expect(await direct.log.heads(entries.map(({ account }) => account))).toEqual([1, 1]);
        };
      });
      expect(lost).toBe(1);
    });

    test("a user is inserted, with its address, whichever reply is lost", async () => {
      const lost = await losingEach(async (round) => {
        const user = userOf(`anna${round}`);
        expect(await stores.directory.insertUser(user, addressOf(user))).toBe("inserted");
        return async () => {
          expect(plain(await direct.directory.userByView(`anna${round}`))).toEqual(plain(user));
          expect((await direct.directory.addressByView(user.address))!.user).toBe(user.id);
        };
      });
      expect(lost).toBe(4);
    });

    test("everything else is done, or unavailable and done when it is asked for again", async () => {
      const again = async <T>(run: () => Promise<T>): Promise<T> => {
        try {
          return await run();
        } catch (error) {
          expect(error).toBeInstanceOf(StoreUnavailable);
          return await run();
        }
      };
      const lost = await losingEach(async (round) => {
        const [account, message] = [newAccountId(), newMessageId()];
        const bytes = bytesOf(400_000 + round, round);
        const put = async ({ blobs }: Stores) => {
          const writer = blobs.create();
          await writer.write(bytes);
          return (await writer.finish()).blob;
        };
        const blob = await again(() => put(stores));
        await again(() => stores.blobs.reference([{ blob, account, message }]));
        const place = {
          message,
          place: bytesOf(3),
          envelope: bytesOf(1),
          bodystructure: bytesOf(1),
          anatomy: bytesOf(1),
          summary: bytesOf(1),
        };
        await again(() => stores.state.saveMessages(account, [place]));
        for (const seq of [1, 2]) {
          const parts = new Map([[`p${seq}`, bytesOf(seq)]]);
          await again(() => stores.state.saveSnapshot({ account, seq, head: bytesOf(seq), names: [`p${seq}`], parts }));
        }
        expect(await again(() => stores.directory.putSettingOnce(`key${round}`, "value"))).toBe("value");
        return async () => {
          expect(blob).toBe(blobIdOf(bytes));
          expect(blobIdOf((await direct.blobs.read(blob, 0, bytes.length))!)).toBe(blob);
          expect(plain(await direct.state.loadMessages(account, [message], ["place"]))).toEqual(
            plain([{ place: bytesOf(3) }]),
          );
          const snapshot = await direct.state.loadSnapshot(account);
          expect([snapshot!.seq, [...snapshot!.parts.keys()]]).toEqual([2, ["p2"]]);
        };
      });
      expect(lost).toBeGreaterThan(12);
    });
  });
