import { ObjectId } from "mongodb";
import type { AccountId } from "../../domain/ids.ts";
import type { StoredAddress, StoredUser } from "../directory.ts";
import { objectId } from "./documents.ts";

/**
 * Free-form fields are JSON text: their keys may begin with "$" and hold dots, which means something else to MongoDB.
 * `sought` and `addressSought` are the name and the address in lower case, for finding parts of them.
 */
export type UserDocument = Omit<StoredUser, "id" | FreeForm> & {
  _id: ObjectId;
  metaData: string;
  internalData: string;
  settings: string;
  usernameSought: string;
  addressSought: string;
};
type FreeForm = "metaData" | "internalData" | "settings";

export type AddressDocument = Omit<StoredAddress, "id" | "user"> & {
  _id: ObjectId;
  user: ObjectId;
  /** While its user is being inserted: since when, by the clock of that node. */
  claimed?: number;
};

export function userDocument({ id, ...user }: StoredUser): UserDocument {
  return { _id: objectId(id), ...(changeDocument(user) as Omit<UserDocument, "_id">) };
}

/** The fields that a change of these fields writes. */
export function changeDocument(change: Partial<Omit<StoredUser, "id">>): Partial<Omit<UserDocument, "_id">> {
  const { metaData, internalData, settings, ...rest } = change;
  const document: { -readonly [F in keyof UserDocument]?: UserDocument[F] } = { ...rest };
  if ("metaData" in change) document.metaData = JSON.stringify(metaData ?? null);
  if ("internalData" in change) document.internalData = JSON.stringify(internalData ?? null);
  if (settings !== undefined) document.settings = JSON.stringify(settings);
  if (rest.username !== undefined) document.usernameSought = rest.username.toLowerCase();
  if (rest.address !== undefined) document.addressSought = rest.address.toLowerCase();
  return document;
}

export function userOf(document: UserDocument): StoredUser {
  const { _id, usernameSought: _name, addressSought: _address, metaData, internalData, settings, ...rest } = document;
  return {
    id: _id.toHexString() as AccountId,
    ...rest,
    metaData: JSON.parse(metaData),
    internalData: JSON.parse(internalData),
    settings: JSON.parse(settings),
  };
}

export function addressDocument({ id, user, ...rest }: StoredAddress): AddressDocument {
  return { _id: ObjectId.createFromHexString(id), ...rest, user: objectId(user) };
}

export function addressOf({ _id, user, claimed: _, ...rest }: AddressDocument): StoredAddress {
  return { id: _id.toHexString(), ...rest, user: user.toHexString() as AccountId };
}
