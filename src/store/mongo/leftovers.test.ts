import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ObjectId } from "mongodb";
import { isThere, mongoEngine } from "../../../test/engines.ts";
import type { BlobId } from "../../domain/ids.ts";
import { addressOf, blobIdOf, bytesOf, manualClock, newAccountId, newMessageId, userOf } from "../contract-fixtures.ts";
import { openTestDatabase, type TestDatabase } from "./test-database.ts";
import { addressDocument } from "./user-document.ts";

// An engine on a busy machine takes its time.
setDefaultTimeout(60_000);

const day = 24 * 60 * 60 * 1000;
const engine = await mongoEngine();

if (!isThere(engine)) describe("What a crash leaves in MongoDB", () => test.skip(engine.missing, () => {}));
else
  describe("What a crash leaves in MongoDB", () => {
    const clock = manualClock();
    let stores: TestDatabase;
    beforeAll(async () => {
      stores = await openTestDatabase(engine.url, clock);
    });
    afterAll(() => stores.close());

    const put = async (bytes: Uint8Array) => {
      const writer = stores.blobs.create();
      await writer.write(bytes);
      return (await writer.finish()).blob;
    };
    const chunksOf = (id: ObjectId) => stores.raw.collection("attachments.chunks").countDocuments({ files_id: id });
    const fileOf = (blob: BlobId) => stores.raw.collection("attachments.files").findOne({ filename: blob });

    test("a claim without its user serves nobody, and is another's after a minute", async () => {
      const { directory, raw } = stores;
      const dead = userOf("dead", { address: "claimed@example.com" });
      await raw.collection("addresses").insertOne({ ...addressDocument(addressOf(dead)), claimed: clock.now() });
      const user = userOf("alive", { address: "claimed@example.com" });
      expect(await directory.addressByView("claimed@example.com")).toBeNull();
      expect(await directory.addressesOf(dead.id)).toEqual([]);
      expect(await directory.insertUser(user, addressOf(user))).toBe("addressExists");
      expect(await directory.userById(user.id)).toBeNull();
      clock.advance(61_000);
      expect(await directory.insertUser(user, addressOf(user))).toBe("inserted");
      expect((await directory.addressByView("claimed@example.com"))!.user).toBe(user.id);
    });

    test("a claim whose user was inserted is an address from the first look on", async () => {
      const { directory, raw } = stores;
      const user = userOf("half");
      await directory.insertUser(user, null);
      await raw.collection("addresses").insertOne({ ...addressDocument(addressOf(user)), claimed: clock.now() });
      expect((await directory.addressByView("half@example.com"))!.user).toBe(user.id);
      expect(await directory.addressesOf(user.id)).toEqual([addressOf(user, user.address, { id: expect.any(String) })]);
      const rival = userOf("rival", { address: "half@example.com" });
      expect(await directory.insertUser(rival, addressOf(rival))).toBe("addressExists");
    });

    test("an old claim whose user was inserted is not given away", async () => {
      const { directory, raw } = stores;
      const user = userOf("kept");
      await directory.insertUser(user, null);
      await raw.collection("addresses").insertOne({ ...addressDocument(addressOf(user)), claimed: clock.now() });
      clock.advance(61_000);
      const rival = userOf("robber", { address: "kept@example.com" });
      expect(await directory.insertUser(rival, addressOf(rival))).toBe("addressExists");
      expect((await directory.addressByView("kept@example.com"))!.user).toBe(user.id);
    });

    test("an upload that was never finished is swept with its chunks, a running one is not", async () => {
      const [left, running] = [stores.blobs.create(), stores.blobs.create()];
      await left.write(bytesOf(3_000_000, 1));
      const pending = stores.raw.collection("attachments.pending");
      const [abandoned] = await pending.find().toArray();
      expect(await chunksOf(abandoned!._id)).toBeGreaterThan(0);
      clock.advance(2 * day);
      await running.write(bytesOf(3_000_000, 2));
      expect(await stores.blobs.sweep(clock.now() - day)).toEqual({ deleted: 0, bytes: 0 });
      expect(await chunksOf(abandoned!._id)).toBe(0);
      const { blob } = await running.finish();
      expect(blobIdOf((await stores.blobs.read(blob, 0, 3_000_000))!)).toBe(blob);
      await expect(left.finish()).rejects.toThrow("took too long");
      expect(await stores.blobs.read(blobIdOf(bytesOf(3_000_000, 1)), 0, 1)).toBeNull();
    });

    test("a sweep that died between a file and its chunks is finished by the next one, elsewhere", async () => {
      const blob = await put(bytesOf(700_000, 3));
      const file = await fileOf(blob);
      const pending = stores.raw.collection("attachments.pending");
      // The upload tidies up behind its answer.
      while ((await pending.countDocuments({ _id: file!._id })) > 0);
      await pending.updateOne({ _id: file!._id }, { $set: { at: clock.now() } }, { upsert: true });
      await stores.raw.collection("attachments.files").deleteOne({ _id: file!._id });
      expect(await stores.blobs.read(blob, 0, 1)).toBeNull();
      clock.advance(2 * day);
      const other = await stores.another();
      await other.blobs.sweep(clock.now() - day);
      await other.close();
      expect(await chunksOf(file!._id)).toBe(0);
      expect(await put(bytesOf(700_000, 3))).toBe(blob);
      expect(blobIdOf((await stores.blobs.read(blob, 0, 700_000))!)).toBe(blob);
    });

    test("a node that remembers where a swept blob was finds the one put since", async () => {
      const bytes = bytesOf(300_000, 4);
      const blob = await put(bytes);
      const other = await stores.another();
      expect(blobIdOf((await other.blobs.read(blob, 0, bytes.length))!)).toBe(blob);
      const before = await fileOf(blob);
      clock.advance(2 * day);
      expect((await stores.blobs.sweep(clock.now() - day)).deleted).toBeGreaterThan(0);
      expect(await other.blobs.read(blob, 0, 10)).toBeNull();
      await put(bytes);
      expect((await fileOf(blob))!._id).not.toEqual(before!._id);
      expect(blobIdOf((await other.blobs.read(blob, 0, bytes.length))!)).toBe(blob);
      await other.close();
    });

    test("two nodes that sweep at once count each blob once and keep what is referenced", async () => {
      const [account, other] = [newAccountId(), await stores.another()];
      const blobs = await Promise.all(Array.from({ length: 12 }, (_, at) => put(bytesOf(1000 + at, at))));
      await stores.blobs.reference(blobs.slice(0, 4).map((blob) => ({ blob, account, message: newMessageId() })));
      await stores.blobs.sweep(clock.now() - day);
      clock.advance(2 * day);
      const before = clock.now() - day;
      const swept = await Promise.all([stores.blobs.sweep(before), other.blobs.sweep(before)]);
      await stores.blobs.sweep(before);
      const there = await Promise.all(blobs.map(async (blob) => (await fileOf(blob)) !== null));
      expect(there).toEqual(blobs.map((_, at) => at < 4));
      expect(swept[0].deleted + swept[1].deleted).toBeGreaterThanOrEqual(8);
      await other.close();
    });

    test("a head whose part is missing gives way to the one before it", async () => {
      const account = newAccountId();
      const parts = new Map([["a", bytesOf(10)]]);
      await stores.state.saveSnapshot({ account, seq: 5, head: bytesOf(5), names: ["a"], parts });
      await stores.raw.collection("snapshots").insertOne({
        account: ObjectId.createFromHexString(account),
        seq: 6,
        head: bytesOf(6),
        names: ["a", "lost"],
      });
      expect((await stores.state.loadSnapshot(account))!.seq).toBe(5);
      await stores.raw.collection("parts").deleteMany({ account: ObjectId.createFromHexString(account) });
      expect(await stores.state.loadSnapshot(account)).toBeNull();
      await stores.state.saveSnapshot({ account, seq: 7, head: bytesOf(7), names: ["a"], parts });
      expect((await stores.state.loadSnapshot(account))!.seq).toBe(7);
      const heads = { account: ObjectId.createFromHexString(account) };
      expect(await stores.raw.collection("snapshots").countDocuments(heads)).toBe(1);
    });

    test("a snapshot that shares a part which another node let go of is refused, and saved with all its parts", async () => {
      const account = newAccountId();
      const [shared, own] = [bytesOf(10), bytesOf(20)];
      await stores.state.saveSnapshot({
        account,
        seq: 1,
        head: bytesOf(1),
        names: ["shared"],
        parts: new Map([["shared", shared]]),
      });
      const other = await stores.another();
      await other.state.saveSnapshot({
        account,
        seq: 2,
        head: bytesOf(1),
        names: ["own"],
        parts: new Map([["own", own]]),
      });
      const third = { account, seq: 3, head: bytesOf(3), names: ["shared"] };
      const error = await stores.state.saveSnapshot({ ...third, parts: new Map() }).catch((thrown) => thrown);
      expect(error.name).toBe("SnapshotIncomplete");
      expect((await other.state.loadSnapshot(account))!.seq).toBe(2);
      await stores.state.saveSnapshot({ ...third, parts: new Map([["shared", shared]]) });
      expect((await other.state.loadSnapshot(account))!.seq).toBe(3);
      await other.close();
    });
  });
