import type { Filter } from "mongodb";
import type { AccountId } from "../../domain/ids.ts";
import type { DirectoryStore, StoredAddress, StoredUser } from "../directory.ts";
import type { Link } from "./connection.ts";
import { objectId, type SettingDocument } from "./documents.ts";
import { isDuplicate } from "./duplicate-keys.ts";
import {
  type AddressDocument,
  addressDocument,
  addressOf,
  changeDocument,
  type UserDocument,
  userDocument,
  userOf,
} from "./user-document.ts";

/** A claim older than this was left by a crash. */
const longestClaim = 60_000;

/**
 * Users and addresses in two collections, each with its unique key, and no transaction over both. A new user's address
 * is inserted first, as a claim that nobody is served by; then the user; then the claim becomes an address. A crash in
 * between leaves a claim whose user does or does not exist: whoever meets it next confirms or removes it.
 */
export function mongoDirectory({ db, during }: Link, clock: { now(): number }): DirectoryStore {
  const users = db.collection<UserDocument>("users");
  const addresses = db.collection<AddressDocument>("addresses");
  const settings = db.collection<SettingDocument>("settings");

  async function insertUser(user: StoredUser, address: StoredAddress | null) {
    // Asked before the claim, so that a name long taken does not hold an address even for a moment.
    if (address && (await users.findOne({ usernameView: user.usernameView }, { projection: { _id: 1 } })))
      return "userExists";
    const claim = address && { ...addressDocument(address), claimed: clock.now() };
    if (claim && !(await insertAddressDocument(claim))) return "addressExists";
    try {
      await users.insertOne(userDocument(user));
    } catch (error) {
      // The insert may have been sent twice, and the first one may have won: then the user there is this very one.
      if (isDuplicate(error) && (await isKept(user))) return await confirmed(claim);
      if (isDuplicate(error)) {
        if (claim) await addresses.deleteOne({ _id: claim._id });
        return "userExists";
      }
      throw error;
    }
    return await confirmed(claim);
  }

  async function confirmed(claim: AddressDocument | null): Promise<"inserted"> {
    if (claim) await addresses.updateOne({ _id: claim._id }, { $unset: { claimed: "" } });
    return "inserted";
  }

  async function isKept(user: StoredUser): Promise<boolean> {
    const kept = await users.findOne({ _id: objectId(user.id) }, { projection: { usernameView: 1, created: 1 } });
    return kept?.usernameView === user.usernameView && kept.created === user.created;
  }

  /** Inserts unless the address is another's; a claim that a crash left is no obstacle. */
  async function insertAddressDocument(document: AddressDocument): Promise<boolean> {
    for (let round = 0; round < 2; round++) {
      try {
        await addresses.insertOne(document);
        return true;
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
      const holder = await addresses.findOne({ addressView: document.addressView });
      if (holder?._id.equals(document._id)) return true;
      if (holder === null || holder.claimed === undefined || clock.now() - holder.claimed < longestClaim) return false;
      if ((await settledClaim(holder)) !== null) return false;
      await addresses.deleteOne({ _id: holder._id, claimed: holder.claimed });
    }
    return false;
  }

  /** The claim as an address where its user exists, else null. */
  async function settledClaim(claim: AddressDocument): Promise<AddressDocument | null> {
    if ((await users.findOne({ _id: claim.user }, { projection: { _id: 1 } })) === null) return null;
    await addresses.updateOne({ _id: claim._id }, { $unset: { claimed: "" } });
    return claim;
  }

  async function addressBy(view: string): Promise<AddressDocument | null> {
    const found = await addresses.findOne({ addressView: view });
    return found?.claimed === undefined ? found : await settledClaim(found);
  }

  async function userByView(...views: readonly string[]): Promise<StoredUser | null> {
    const wanted = views.length === 1 ? views[0]! : { $in: [...views] };
    const named = await users.find({ usernameView: wanted }, { batchSize: views.length + 1 }).toArray();
    for (const view of views) {
      const user = named.find(({ usernameView }) => usernameView === view);
      if (user) return userOf(user);
      const address = view.includes("@") ? await addressBy(view) : null;
      const owner = address && (await users.findOne({ _id: address.user }));
      if (owner) return userOf(owner);
    }
    return null;
  }

  async function deleteUser(id: AccountId): Promise<boolean> {
    const _id = objectId(id);
    // Addresses first: a crash leaves a user without addresses, not an address that leads to nobody.
    await addresses.deleteMany({ user: _id });
    const { deletedCount } = await users.deleteOne({ _id });
    if (deletedCount > 0) await addresses.deleteMany({ user: _id });
    return deletedCount > 0;
  }

  return {
    insertUser: (user, address) => during("insert a user", () => insertUser(user, address)),
    userById: (id) =>
      during("find a user", async () => {
        const found = await users.findOne({ _id: objectId(id) });
        return found && userOf(found);
      }),
    userByView: (view, otherwise) =>
      during("find a user", () => (otherwise === undefined ? userByView(view) : userByView(view, otherwise))),
    addressByView: (view) =>
      during("find an address", async () => {
        const found = await addressBy(view);
        return found && addressOf(found);
      }),
    addressesOf: (user) =>
      during("list addresses", async () => {
        const found = await addresses.find({ user: objectId(user) }, { batchSize: 1000 }).toArray();
        return found.filter(({ claimed }) => claimed === undefined).map(addressOf);
      }),
    updateUser: (id, version, change) =>
      during("change a user", async () => {
        const _id = objectId(id);
        // One document and a filter on what it holds: MongoDB looks at it again when it writes.
        const seen = { _id, version: version === 0 ? { $exists: false } : version };
        const { matchedCount } = await users.updateOne(seen, {
          $set: { ...changeDocument(change), version: version + 1 },
        });
        if (matchedCount > 0) return "changed";
        return (await users.findOne({ _id }, { projection: { _id: 1 } })) === null ? "noSuchUser" : "conflict";
      }),
    insertAddress: (address) =>
      during("insert an address", async () =>
        (await insertAddressDocument(addressDocument(address))) ? "inserted" : "addressExists",
      ),
    deleteAddress: (view) =>
      during("delete an address", async () => (await addresses.deleteOne({ addressView: view })).deletedCount > 0),
    deleteUser: (id) => during("delete a user", () => deleteUser(id)),
    listUsers: ({ after, before, limit, query }) =>
      during("list users", async () => {
        if (limit <= 0) return [];
        const range = { ...(after && { $gt: objectId(after) }), ...(before && { $lt: objectId(before) }) };
        const backwards = before !== undefined && after === undefined;
        const filter: Filter<UserDocument> = { ...(after || before ? { _id: range } : {}), ...having(query) };
        const found = await users
          .find(filter, { sort: { _id: backwards ? -1 : 1 }, limit, batchSize: limit + 1 })
          .toArray();
        if (backwards) found.reverse();
        return found.map(userOf);
      }),
    countUsers: (query) =>
      during("count users", () =>
        query ? users.countDocuments(having(query)) : users.countDocuments({}, { hint: "_id_" }),
      ),
    setting: (key) => during("read a setting", async () => (await settings.findOne({ _id: key }))?.value ?? null),
    putSettingOnce: (key, value) =>
      during("put a setting", async () => {
        try {
          await settings.insertOne({ _id: key, value });
          return value;
        } catch (error) {
          if (!isDuplicate(error)) throw error;
          return (await settings.findOne({ _id: key }))?.value ?? value;
        }
      }),
  };
}

/** Users with `query` in their name or main address, in any letter case. The text is taken as it is, never as a pattern. */
function having(query: string | undefined): Filter<UserDocument> {
  if (!query) return {};
  const text = { $literal: query.toLowerCase() };
  const holds = (field: string) => ({ $gte: [{ $indexOfCP: [field, text] }, 0] });
  return { $expr: { $or: [holds("$usernameSought"), holds("$addressSought")] } };
}
