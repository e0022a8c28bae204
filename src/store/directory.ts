import type { AccountId } from "../domain/ids.ts";

/**
 * Users and their addresses. User names and addresses are unique by the store's own unique keys: of two who come at
 * once, one gets it. `*View` fields are the normalised forms the keys are on (domain/address.ts makes them).
 */
export interface DirectoryStore {
  /** Inserts the user and its main address, or says what was taken; nothing is left behind then. */
  insertUser(user: StoredUser, address: StoredAddress | null): Promise<"inserted" | "userExists" | "addressExists">;
  /** One round trip. */
  userById(id: AccountId): Promise<StoredUser | null>;
  /**
   * By normalised user name, or by normalised address. Where neither is there, the same by `otherwise`. One round trip
   * where either is a user name.
   */
  userByView(view: string, otherwise?: string): Promise<StoredUser | null>;
  /** One round trip: the address's row carries what a delivery needs to know. */
  addressByView(view: string): Promise<StoredAddress | null>;
  addressesOf(user: AccountId): Promise<readonly StoredAddress[]>;
  /**
   * Changes the user if it is still at `version`, the one that was read; then it is at the next. Of two who have read
   * the same version, on whatever nodes, one gets "changed" and the other "conflict": who gets that has changed nothing,
   * and reads again. An answer that was lost and asked for again may be a "conflict" with oneself.
   */
  updateUser(id: AccountId, version: number, change: StoredChange): Promise<"changed" | "conflict" | "noSuchUser">;
  insertAddress(address: StoredAddress): Promise<"inserted" | "addressExists">;
  deleteAddress(view: string): Promise<boolean>;
  /** Removes the user and its addresses; false where there is none. */
  deleteUser(id: AccountId): Promise<boolean>;
  /** Ascending by id, from after `after`; `backwards`: the ones before it. */
  listUsers(page: {
    after?: AccountId;
    before?: AccountId;
    limit: number;
    query?: string;
  }): Promise<readonly StoredUser[]>;
  countUsers(query?: string): Promise<number>;
  /** Rows that any part may keep: the server's own small facts (root token hash, demo account made, …). */
  setting(key: string): Promise<string | null>;
  /** Inserts if absent; answers what is kept now. */
  putSettingOnce(key: string, value: string): Promise<string>;
}

export type StoredUser = {
  readonly id: AccountId;
  readonly username: string;
  readonly usernameView: string;
  readonly name: string;
  /** Main address, as given. */
  readonly address: string;
  /** PHC string; empty: no password login. */
  readonly passwordHash: string;
  /** Bytes; 0: no limit. */
  readonly quota: number;
  readonly disabled: boolean;
  readonly suspended: boolean;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly passwordChange: number;
  readonly language: string;
  readonly retention: number;
  readonly tags: readonly string[];
  readonly disabledScopes: readonly string[];
  readonly metaData: unknown;
  readonly internalData: unknown;
  readonly spamLevel: number;
  /** 0: the server's default. */
  readonly imapMaxConnections: number;
  /** Everything else the HTTP API lets one set and show, kept as it came. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Access tokens, oldest first. */
  readonly tokens?: readonly StoredToken[];
  /** How often it was changed; a user that never was, or not since versions were kept, has none: `versionOf`. */
  readonly version?: number;
};

export type StoredChange = Partial<Omit<StoredUser, "id" | "usernameView" | "version">>;

export function versionOf({ version = 0 }: Pick<StoredUser, "version">): number {
  return version;
}

export type StoredToken = {
  /** SHA-256 of the token, hex. */
  readonly hash: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly expires: number;
};

export type StoredAddress = {
  /** 24 hex digits. */
  readonly id: string;
  readonly address: string;
  readonly addressView: string;
  readonly user: AccountId;
  readonly created: number;
  readonly tags: readonly string[];
  readonly main: boolean;
};

/** A user as everybody but the directory sees it: without the hash. */
export type User = Omit<StoredUser, "passwordHash" | "usernameView" | "tokens" | "version"> & {
  readonly hasPassword: boolean;
};
export type NewUser = Pick<StoredUser, "username"> &
  Partial<Omit<StoredUser, "id" | "username" | "usernameView" | "passwordHash" | "created" | "tokens" | "version">> & {
    /** No address at all is made where this is set and `address` is not. */
    emptyAddress?: boolean;
    /** A hash in a format of WildDuck's, instead of a password. */
    hashedPassword?: string;
  };
export type UserChange = Partial<
  Omit<StoredUser, "id" | "username" | "usernameView" | "passwordHash" | "created" | "address" | "tokens" | "version">
>;
export type UserQuery = { query?: string; limit: number; after?: AccountId; before?: AccountId };
export type UserPage =
  | { ok: true; total: number; users: readonly User[]; hasMore: boolean }
  | { ok: false; why: "unavailable" };
