import { ObjectId } from "mongodb";
import type { AccountId } from "../../domain/ids.ts";
import { type Snapshot, SnapshotIncomplete, type State } from "../state.ts";
import type { Link } from "./connection.ts";
import { objectId, ownBytes, type PartDocument, type SnapshotDocument } from "./documents.ts";
import { taken } from "./duplicate-keys.ts";
import { mongoMessages } from "./mongo-messages.ts";

type Loaded = NonNullable<Awaited<ReturnType<State["loadSnapshot"]>>>;

/**
 * Snapshots without transactions. Saving: parts first, then the head that names them (one insert: whole or not at all),
 * then a look at what is there: a named part that is missing takes the head back; otherwise older heads and the parts
 * that nobody names go. A part carries the seq of the snapshot that brought it, and garbage is only taken up to one's
 * own seq, so a save under way on another node keeps its parts. Loading takes the newest head that is whole: a head
 * whose writer died half-way, or whose shared part went in a race, costs a longer replay and nothing else.
 */
export function mongoState(link: Link): State {
  const { db, during } = link;
  const snapshots = db.collection<SnapshotDocument>("snapshots");
  const parts = db.collection<PartDocument>("parts");
  const messages = mongoMessages(link);

  async function saveSnapshot(snapshot: Snapshot): Promise<void> {
    const account = objectId(snapshot.account);
    const { seq } = snapshot;
    const brought = [...snapshot.parts].map(([name, bytes]) => ({ _id: new ObjectId(), account, name, seq, bytes }));
    if (brought.length > 0) await taken(() => parts.insertMany(brought, { ordered: false }));
    const head = { _id: new ObjectId(), account, seq, head: snapshot.head, names: [...snapshot.names] };
    const late = (await taken(() => snapshots.insertMany([head], { ordered: false }))).size > 0;

    const [heads, kept] = await Promise.all([
      snapshots.find({ account }, { projection: { account: 1, seq: 1 } }).toArray(),
      parts
        .find({ account }, { projection: { account: 1, name: 1, seq: 1 }, batchSize: snapshot.names.length + 1000 })
        .toArray(),
    ]);
    const names = new Set(snapshot.names);
    const present = new Set(kept.map(({ name }) => name));
    const missing = snapshot.names.filter((name) => !present.has(name));
    // Parts that are missing may have gone for a newer head that came after the heads were read.
    const newer = heads.some((other) => other.seq > seq) || (missing.length > 0 && (await newestHead(account)) > seq);
    if (late || newer || missing.length > 0) {
      if (!late) await snapshots.deleteOne({ account, _id: head._id });
      if (late || newer) return;
      throw new SnapshotIncomplete(`Cannot save snapshot ${seq}: ${missing.length} of its parts are gone`);
    }
    const older = heads.filter((other) => other.seq < seq).map(({ _id }) => _id);
    const unnamed = kept.filter((part) => !names.has(part.name) && part.seq <= seq).map(({ _id }) => _id);
    // Heads before parts: a crash between leaves garbage for the next save, never a head without its parts.
    if (older.length > 0) await snapshots.deleteMany({ account, _id: { $in: older } });
    if (unnamed.length > 0) await parts.deleteMany({ account, _id: { $in: unnamed } });
  }

  async function newestHead(account: ObjectId): Promise<number> {
    const [head] = await snapshots
      .find({ account }, { projection: { account: 1, seq: 1 }, sort: { account: 1, seq: -1 }, limit: 1 })
      .toArray();
    return head?.seq ?? -1;
  }

  async function loadSnapshot(account: AccountId): Promise<Loaded | null> {
    // A save on another node may take away parts between the two reads; then there is a newer head to be read.
    let seen = -1;
    for (;;) {
      const heads = await snapshots
        .find({ account: objectId(account) }, { sort: { account: 1, seq: -1 }, limit: 4 })
        .toArray();
      for (const head of heads) {
        const loaded = await whole(head);
        if (loaded !== null) return loaded;
      }
      const newest = heads[0]?.seq ?? -1;
      if (newest <= seen) return null;
      seen = newest;
    }
  }

  async function whole({ account, seq, head, names }: SnapshotDocument): Promise<Loaded | null> {
    if (names.length === 0) return { seq, head: ownBytes(head), parts: new Map() };
    const found = await parts
      .find(
        { account, name: { $in: [...names] } },
        { projection: { _id: 0, name: 1, bytes: 1 }, batchSize: names.length + 1 },
      )
      .toArray();
    if (found.length < new Set(names).size) return null;
    return { seq, head: ownBytes(head), parts: new Map(found.map(({ name, bytes }) => [name, ownBytes(bytes)])) };
  }

  return {
    ...messages,
    saveSnapshot: (snapshot) => during("save a snapshot", () => saveSnapshot(snapshot)),
    loadSnapshot: (account) => during("load a snapshot", () => loadSnapshot(account)),
    dropSnapshot: (account) =>
      during("drop an account's snapshots", async () => {
        const owner = objectId(account);
        await snapshots.deleteMany({ account: owner });
        await parts.deleteMany({ account: owner });
      }),
    drop: (account) =>
      during("drop an account's state", async () => {
        const owner = objectId(account);
        await snapshots.deleteMany({ account: owner });
        await Promise.all([parts.deleteMany({ account: owner }), messages.drop(account)]);
      }),
  };
}
