import type { AccountId } from "../../domain/ids.ts";
import type { NewUser, User, UserChange, UserPage, UserQuery } from "../../store/directory.ts";

/**
 * Who may come in and where mail goes. Answers are plain data. A user name or address may be given without a domain
 * (the server's `hostname` is meant), in any letter case, with dots and a +detail that are ignored for look-up.
 */
export interface Directory {
  /** Checks a password; slows down and limits failures by name, and by network of the client (`LoginLimits`). */
  authenticate(attempt: LoginAttempt): Promise<LoginResult>;
  /** Where mail for this address goes. */
  resolve(address: string): Promise<Resolved>;
  userById(id: AccountId): Promise<User | null>;
  /** Whether there is such a user; remembered for a while, and a deletion on any node is heard of. */
  hasUser(id: AccountId): Promise<boolean>;
  /**
   * A token that stands for the user, as `authenticate` answered it, at the HTTP API: good for 14 days after its last
   * use, 180 days at most. Null where the user, or the password that was shown, is there no more.
   */
  issueToken(user: Pick<User, "id" | "passwordChange">): Promise<string | null>;
  /** The user a token stands for; `remote`: the client's address, for which wrong tokens are counted. */
  tokenOwner(token: string, remote: string): Promise<TokenOwner>;
  /** One token, or all tokens of a user, are good no longer; false where there was none. */
  revokeToken(token: string): Promise<boolean>;
  revokeTokens(id: AccountId): Promise<boolean>;
  /** By user name or by any of the user's addresses. */
  userByName(name: string): Promise<User | null>;
  /** Creates the user and opens the account with its standard mailboxes. */
  createUser(user: NewUser & { password: string | false; mailboxes?: StandardPaths }): Promise<CreateResult>;
  /**
   * Changes what is named, of `settings` too, and keeps the rest, whoever else changes the user at the same time. A new
   * password, and being disabled or suspended, end the user's sessions on every node; a new password its tokens too.
   * `seen`: the user as `authenticate` answered it to whoever asks; `badCredentials` where the password is another one
   * by now.
   */
  updateUser(
    id: AccountId,
    change: UserChange & { password?: string | false },
    seen?: Pick<User, "passwordChange">,
  ): Promise<UpdateResult>;
  /** Removes the user, its mail and its sessions. */
  deleteUser(id: AccountId): Promise<{ ok: true } | { ok: false; why: "noSuchUser" | "unavailable" }>;
  listUsers(query: UserQuery): Promise<UserPage>;
}

/** Names for the standard mailboxes; INBOX is always there. */
export type StandardPaths = { sent?: string; drafts?: string; junk?: string; trash?: string };

export type LoginAttempt = {
  readonly username: string;
  readonly password: string;
  readonly protocol: "imap" | "pop3" | "http";
  /** The client's address. */
  readonly remote: string;
};
export type LoginResult =
  | { readonly ok: true; readonly user: User }
  /** `rateLimited`: try again after that many seconds. `unavailable`: the store does not answer. */
  | { readonly ok: false; readonly why: "badCredentials" | "disabled" | "unavailable" }
  | { readonly ok: false; readonly why: "rateLimited"; readonly retryAfter: number };

export type TokenOwner =
  | { readonly ok: true; readonly account: AccountId }
  /** `unknown`: it is no token that is good, or its user is disabled. `rateLimited`: try again after that many seconds. */
  | { readonly ok: false; readonly why: "unknown" }
  | { readonly ok: false; readonly why: "rateLimited"; readonly retryAfter: number };

export type Resolved =
  | {
      readonly ok: true;
      readonly account: AccountId;
      /** The address as the directory has it. */
      readonly address: string;
      readonly quota: number;
      readonly disabled: boolean;
    }
  | { readonly ok: false; readonly why: "noSuchUser" | "unavailable" };

export type CreateResult =
  | { readonly ok: true; readonly user: User }
  | { readonly ok: false; readonly why: "userExists" | "addressExists" | "badUsername" | "badAddress" | "unavailable" };
export type UpdateResult =
  | { readonly ok: true; readonly user: User }
  | { readonly ok: false; readonly why: "noSuchUser" | "badCredentials" | "unavailable" };
