import { ObjectId } from "mongodb";
import type { MessageField, State } from "../state.ts";
import type { Link } from "./connection.ts";
import { type MessageDocument, objectId, ownBytes } from "./documents.ts";
import { taken } from "./duplicate-keys.ts";

/** What never changes of messages, one document each under the unique key {account, message}. */
export function mongoMessages({
  db,
  during,
}: Link): Pick<State, "saveMessages" | "loadMessages" | "deleteMessages" | "drop"> {
  const collection = db.collection<MessageDocument>("messages");
  return {
    saveMessages: (account, messages) =>
      during(`save ${messages.length} messages`, async () => {
        if (messages.length === 0) return;
        const owner = objectId(account);
        const documents = messages.map(({ message, ...fields }) => ({
          _id: new ObjectId(),
          account: owner,
          message: objectId(message),
          ...fields,
        }));
        await taken(() => collection.insertMany(documents, { ordered: false }));
      }),

    loadMessages: (account, messages, fields) =>
      during(`load ${messages.length} messages`, async () => {
        if (messages.length === 0) return [];
        const wanted = [...new Set(messages)].map(objectId);
        const projection = { _id: 0, message: 1, ...Object.fromEntries(fields.map((field) => [field, 1])) };
        const found = await collection
          .find({ account: objectId(account), message: { $in: wanted } }, { projection, batchSize: wanted.length + 1 })
          .toArray();
        const records = new Map(found.map((document) => [document.message.toHexString(), document]));
        return messages.map((message) => {
          const record = records.get(message);
          return record ? picked(record, fields) : null;
        });
      }),

    deleteMessages: (account, messages) =>
      during(`delete ${messages.length} messages`, async () => {
        if (messages.length === 0) return;
        await collection.deleteMany({ account: objectId(account), message: { $in: messages.map(objectId) } });
      }),

    drop: (account) =>
      during("drop an account's messages", async () => {
        await collection.deleteMany({ account: objectId(account) });
      }),
  };
}

function picked<F extends MessageField>(record: MessageDocument, fields: readonly F[]): Pick<MessageDocument, F> {
  const some: Partial<Record<MessageField, Uint8Array>> = {};
  for (const field of fields) some[field] = ownBytes(record[field]);
  return some as Pick<MessageDocument, F>;
}
