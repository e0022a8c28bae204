import { type Db, ObjectId } from "mongodb";

const perInsert = 500;

/**
 * Adds `count` copies of a user's INBOX messages to it, in turn, each with an id, a UID and a modseq of its own, as WildDuck
 * would have written them: by LMTP it takes some 30 a second here. No session may have the folder open.
 */
export async function multiplyMessages(db: Db, username: string, count: number): Promise<void> {
  const user = await db.collection("users").findOne({ username });
  const mailbox = await db.collection("mailboxes").findOne({ user: user!._id, path: "INBOX" });
  const messages = db.collection("messages");
  const originals = await messages.find({ mailbox: mailbox!._id }).sort({ uid: 1 }).toArray();
  let { uidNext, modifyIndex } = mailbox as unknown as { uidNext: number; modifyIndex: number };
  let size = 0;
  for (let made = 0; made < count; made += perInsert) {
    const copies = Array.from({ length: Math.min(perInsert, count - made) }, (_, at) => {
      const original = originals[(made + at) % originals.length]!;
      const id = new ObjectId();
      size += Number(original.size);
      return { ...original, _id: id, root: id, uid: uidNext++, modseq: ++modifyIndex, msgid: `<${id}@example.org>` };
    });
    await messages.insertMany(copies);
  }
  await db.collection("mailboxes").updateOne({ _id: mailbox!._id }, { $set: { uidNext, modifyIndex } });
  await db.collection("users").updateOne({ _id: user!._id }, { $inc: { storageUsed: size } });
}
