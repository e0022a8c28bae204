import { expect, test } from "bun:test";
import type { AccountId, BlobId, MessageId } from "../../domain/ids.ts";
import type { Surroundings } from "./surroundings.ts";
import { Uploads } from "./uploads.ts";

const account = "a".repeat(24) as AccountId;
const piece = new Uint8Array(4 * 1024 * 1024);

/** Uploads before processors that are behind until `catchUp`, and a store that counts what goes straight to it. */
function scene() {
  let catchUp = () => {};
  const behind = new Promise<void>((resolve) => {
    catchUp = resolve;
  });
  let awaited = 8;
  let allThere = () => {};
  const eightThere = new Promise<void>((resolve) => {
    allThere = resolve;
  });
  const written: number[] = [];
  const uploads = new Uploads({
    limits: { messageSize: 64 * 1024 * 1024 },
    clock: { monotonic: () => 0 },
    cpu: {
      describe: () => {
        if (--awaited === 0) allThere();
        return behind.then(() => [undefined]);
      },
    },
    stores: {
      blobs: {
        create: () => {
          let size = 0;
          return {
            write: async (bytes: Uint8Array) => {
              size += bytes.length;
            },
            finish: async () => {
              written.push(size);
              return { blob: "b".repeat(64) as BlobId, size };
            },
            abort: async () => {},
          };
        },
        reference: async () => {},
      },
    },
  } as unknown as Surroundings);
  /** Sends a message of so many pieces; resolves when it is durable. */
  const send = async (name: string, pieces: number): Promise<void> => {
    expect(uploads.begin(account, name)).toEqual({ ok: true });
    for (let at = 0; at < pieces; at++) expect(await uploads.write(account, name, piece)).toEqual({ ok: true });
    expect(await uploads.finish(account, name, "c".repeat(24) as MessageId, undefined)).not.toBeNull();
  };
  return { catchUp, eightThere, written, divided: () => 8 - awaited, send };
}

const eight = [...Array(8).keys()];

test("what has arrived and is being divided counts as held: what comes meanwhile goes to the store undivided", async () => {
  const { catchUp, eightThere, written, divided, send } = scene();
  const first = Promise.all(eight.map((at) => send(`m${at}`, 2)));
  await eightThere;
  await Promise.all([send("x", 1), send("y", 1)]);
  // Nothing of the first 64 MB is stored yet, and the others did not wait for that.
  expect(written).toEqual([piece.length, piece.length]);
  catchUp();
  await first;
  expect(written.length).toBe(10);
  expect(divided()).toBe(8);
});

test("room is given back when a message is stored", async () => {
  const { catchUp, divided, send } = scene();
  catchUp();
  for (let round = 0; round < 3; round++) await Promise.all(eight.map((at) => send(`m${round}-${at}`, 2)));
  expect(divided()).toBe(24);
});
