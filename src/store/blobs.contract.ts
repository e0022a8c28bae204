import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { BlobId } from "../domain/ids.ts";
import type { Blobs } from "./blobs.ts";
import { blobIdOf, bytesOf, type ManualClock, manualClock, newAccountId, newMessageId } from "./contract-fixtures.ts";

const day = 24 * 60 * 60 * 1000;

/** The laws of `Blobs`, on any implementation; `open` is called once, and what it opens tells time by the clock given. */
export function blobsContract(
  name: string,
  open: (clock: ManualClock) => Promise<{ blobs: Blobs; close(): Promise<void> }>,
): void {
  describe(`Blobs contract: ${name}`, () => {
    const clock = manualClock();
    let blobs: Blobs;
    let close: () => Promise<void>;
    let seed = 1;
    beforeAll(async () => {
      ({ blobs, close } = await open(clock));
    });
    afterAll(() => close());

    /** Bytes that no other test has. */
    function fresh(size: number): Uint8Array {
      const bytes = bytesOf(size, seed);
      new DataView(bytes.buffer).setUint32(0, seed++);
      return bytes;
    }
    async function put(bytes: Uint8Array, piece = 100_000): Promise<BlobId> {
      const writer = blobs.create();
      for (let at = 0; at < bytes.length; at += piece) await writer.write(bytes.subarray(at, at + piece));
      const { blob, size } = await writer.finish();
      expect(size).toBe(bytes.length);
      expect(blob).toBe(blobIdOf(bytes));
      return blob;
    }
    async function whole(blob: BlobId, size: number): Promise<BlobId | null> {
      const bytes = await blobs.read(blob, 0, size + 10);
      return bytes && blobIdOf(bytes);
    }
    const isThere = async (blob: BlobId) => (await blobs.read(blob, 0, 1)) !== null;
    /** What has had no reference for a day goes. */
    const sweep = () => blobs.sweep(clock.now() - day);

    test("what was put comes back under its SHA-256, in pieces of any size", async () => {
      for (const [size, piece] of [
        [5, 1],
        [300_000, 7_777],
        [1_500_000, 1_500_000],
      ] as const) {
        const bytes = fresh(size);
        const blob = await put(bytes, piece);
        expect(await whole(blob, size)).toBe(blob);
      }
      const empty = await put(new Uint8Array(0));
      expect(await blobs.read(empty, 0, 10)).toHaveLength(0);
    });

    test("a writer may give the same buffer again with other bytes in it", async () => {
      const bytes = fresh(200_000);
      const writer = blobs.create();
      const buffer = new Uint8Array(1000);
      for (let at = 0; at < bytes.length; at += 1000) {
        buffer.set(bytes.subarray(at, at + 1000));
        await writer.write(buffer);
      }
      const { blob } = await writer.finish();
      expect(blob).toBe(blobIdOf(bytes));
      expect(await whole(blob, bytes.length)).toBe(blob);
    });

    test("read gives any range, fewer bytes at the end, none beyond it, null for an unknown blob", async () => {
      const bytes = fresh(600_000);
      const blob = await put(bytes);
      for (const [offset, length] of [
        [0, 1],
        [261_119, 3],
        [261_120, 261_120],
        [599_999, 1],
        [100, 500_000],
        [599_000, 5_000],
        [0, 0],
      ] as const) {
        const found = await blobs.read(blob, offset, length);
        expect(blobIdOf(found!)).toBe(blobIdOf(bytes.subarray(offset, offset + length)));
      }
      expect(await blobs.read(blob, 600_000, 10)).toHaveLength(0);
      expect(await blobs.read(blob, 700_000, 10)).toHaveLength(0);
      expect(await blobs.read(blobIdOf(fresh(9)), 0, 10)).toBeNull();
    });

    test("the same bytes put again, or by many at once, are there once", async () => {
      const bytes = fresh(400_000);
      const names = await Promise.all([1, 2, 3, 4, 5].map((piece) => put(bytes, piece * 50_000)));
      expect(new Set(names).size).toBe(1);
      expect(await whole(names[0]!, bytes.length)).toBe(names[0]!);
      await put(bytes);
      clock.advance(2 * day);
      const swept = await sweep();
      expect(swept.bytes).toBeGreaterThanOrEqual(bytes.length);
      expect(await isThere(names[0]!)).toBe(false);
      expect(await sweep()).toEqual({ deleted: 0, bytes: 0 });
    });

    test("what was not finished is not there", async () => {
      const bytes = fresh(300_000);
      const left = blobs.create();
      await left.write(bytes);
      expect(await isThere(blobIdOf(bytes))).toBe(false);
      await left.abort();
      expect(await isThere(blobIdOf(bytes))).toBe(false);
      expect(await isThere(await put(bytes))).toBe(true);
      const unwritten = blobs.create();
      await unwritten.abort();
    });

    test("abort of one writer does nothing to a blob that another finished", async () => {
      const bytes = fresh(300_000);
      const [one, other] = [blobs.create(), blobs.create()];
      await one.write(bytes);
      await other.write(bytes);
      const { blob } = await one.finish();
      await other.abort();
      expect(await whole(blob, bytes.length)).toBe(blob);
    });

    test("sweep deletes what nobody refers to once it is old enough, counts it, and nothing else", async () => {
      clock.advance(2 * day);
      await sweep();
      const [kept, lost] = [await put(fresh(1000)), await put(fresh(2000))];
      await blobs.reference([{ blob: kept, account: newAccountId(), message: newMessageId() }]);
      expect(await sweep()).toEqual({ deleted: 0, bytes: 0 });
      expect(await isThere(lost)).toBe(true);
      clock.advance(2 * day);
      expect(await sweep()).toEqual({ deleted: 1, bytes: 2000 });
      expect([await isThere(kept), await isThere(lost)]).toEqual([true, false]);
      expect(await sweep()).toEqual({ deleted: 0, bytes: 0 });
    });

    test("a reference made twice is one; the last one gone frees the blob a day later", async () => {
      const bytes = fresh(3000);
      const blob = await put(bytes);
      const [mine, yours] = [
        { blob, account: newAccountId(), message: newMessageId() },
        { blob, account: newAccountId(), message: newMessageId() },
      ];
      await blobs.reference([mine, yours, mine]);
      await blobs.reference([mine]);
      await blobs.reference([]);
      clock.advance(3 * day);
      await blobs.unreference([mine]);
      await blobs.unreference([mine]);
      clock.advance(3 * day);
      expect((await sweep()).deleted).toBe(0);
      expect(await whole(blob, bytes.length)).toBe(blob);
      await blobs.unreference([yours, mine]);
      await blobs.unreference([]);
      expect((await sweep()).deleted).toBe(0);
      expect(await isThere(blob)).toBe(true);
      clock.advance(3 * day);
      expect(await sweep()).toEqual({ deleted: 1, bytes: 3000 });
      expect(await isThere(blob)).toBe(false);
    });

    test("putting a blob again makes it young again, and it can be put after it was swept", async () => {
      const bytes = fresh(4000);
      const blob = await put(bytes);
      clock.advance(3 * day);
      await put(bytes);
      expect((await sweep()).deleted).toBe(0);
      clock.advance(3 * day);
      expect((await sweep()).deleted).toBe(1);
      await put(bytes);
      await blobs.reference([{ blob, account: newAccountId(), message: newMessageId() }]);
      clock.advance(3 * day);
      expect((await sweep()).deleted).toBe(0);
      expect(await whole(blob, bytes.length)).toBe(blob);
    });

    test("references lists those of one account, each once, and no others", async () => {
      const [account, other] = [newAccountId(), newAccountId()];
      const blob = await put(bytesOf(10, 77));
      const mine = Array.from({ length: 3 }, () => ({ blob, account, message: newMessageId() }));
      await blobs.reference([...mine, ...mine, { blob, account: other, message: newMessageId() }]);
      const listed: string[] = [];
      for await (const reference of blobs.references(account)) listed.push(JSON.stringify(reference));
      expect(listed.sort()).toEqual(mine.map((reference) => JSON.stringify(reference)).sort());
      for await (const _ of blobs.references(newAccountId())) throw new Error("an account without references has one");
    });

    test("drop forgets the references of one account and of no other", async () => {
      const [one, two] = [await put(fresh(500)), await put(fresh(600))];
      const [account, other] = [newAccountId(), newAccountId()];
      await blobs.reference([
        { blob: one, account, message: newMessageId() },
        { blob: two, account, message: newMessageId() },
        { blob: two, account: other, message: newMessageId() },
      ]);
      await blobs.drop(account);
      await blobs.drop(account);
      expect((await sweep()).deleted).toBe(0);
      clock.advance(3 * day);
      expect(await sweep()).toEqual({ deleted: 1, bytes: 500 });
      expect([await isThere(one), await isThere(two)]).toEqual([false, true]);
    });

    test("what is put and referenced while sweeps run is there afterwards", async () => {
      const rounds = Array.from({ length: 8 }, () => fresh(50_000));
      for (const bytes of rounds) await put(bytes);
      clock.advance(3 * day);
      const names = (
        await Promise.all([
          ...rounds.map(async (bytes) => {
            const blob = await put(bytes);
            await blobs.reference([{ blob, account: newAccountId(), message: newMessageId() }]);
            return blob;
          }),
          sweep().then(() => null),
          sweep().then(() => null),
        ])
      ).filter((blob) => blob !== null);
      clock.advance(3 * day);
      await sweep();
      expect(await Promise.all(names.map((blob) => whole(blob, 50_000)))).toEqual(names);
    });
  });
}
