import { addressView, usernameView } from "../../domain/address.ts";
import { isAddress, isUsername } from "../../domain/address-shape.ts";
import type { AccountId, RequestId } from "../../domain/ids.ts";
import type { Logger } from "../../operation/logger.ts";
import type {
  DirectoryStore,
  NewUser,
  StoredAddress,
  StoredUser,
  User,
  UserChange,
  UserPage,
  UserQuery,
} from "../../store/directory.ts";
import type { Hints } from "../../store/hints.ts";
import { StoreUnavailable } from "../../store/log.ts";
import type { Accounts } from "../account/requests.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Cpu } from "../workers/cpu.ts";
import { type FailureLimits, LoginLimits, rateLimited } from "./login-limits.ts";
import { Logins } from "./logins.ts";
import { defaults, standardMailboxes } from "./new-user.ts";
import { PasswordCheck } from "./password-check.ts";
import type {
  CreateResult,
  Directory,
  LoginAttempt,
  LoginResult,
  Resolved,
  StandardPaths,
  TokenOwner,
  UpdateResult,
} from "./requests.ts";
import { UserChanges } from "./user-changes.ts";
import { namedBy, UserTokens } from "./user-tokens.ts";

export type DirectoryParts = {
  readonly store: DirectoryStore;
  readonly accounts: Accounts;
  readonly sessions: Pick<Sessions, "endAll">;
  readonly cpu: Pick<Cpu, "hashPassword" | "verifyPassword">;
  readonly hints: Hints;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hostname: string;
  readonly newId: () => string;
  readonly randomHex: (bytes: number) => string;
  readonly limits: FailureLimits;
  /** Passwords being checked at a time: enough to keep the workers busy, few enough that other jobs get their turn. */
  readonly checkedAtOnce: number;
  /** Quota of a user for whom none is given, bytes; 0: none. */
  readonly quota: number;
};

/** Where an address leads is remembered so long; a change on any node is heard of sooner. */
const resolvedFor = 60_000;
const unresolvedFor = 1000;
const mostResolved = 100_000;
/** Every node listens there as long as it runs. */
export const changeChannel = "directory";

/** Users, addresses and passwords. */
export class DirectoryService implements Directory {
  readonly #parts: DirectoryParts;
  readonly #resolved = new Map<string, { resolved: Resolved; until: number }>();
  readonly #logins: Logins;
  readonly #tokenLimits: LoginLimits;
  readonly #changes: UserChanges;
  readonly #tokens: UserTokens;
  readonly #existing = new Map<AccountId, number>();
  /** How often all was forgotten: what was looked up before that is not remembered after it. */
  #forgotten = 0;
  readonly #unsubscribe: () => void;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    const { perAddress } = parts.limits;
    const tokens = { ...parts.limits, perUser: perAddress, perUserAnywhere: Number.POSITIVE_INFINITY };
    this.#tokenLimits = new LoginLimits(parts.hints, tokens, "token", parts.clock);
    this.#changes = new UserChanges(parts.store);
    const passwords = new PasswordCheck({ ...parts, changes: this.#changes });
    this.#logins = new Logins({ ...parts, passwords, find: (name) => this.#storedByName(name) });
    this.#tokens = new UserTokens({ ...parts, changes: this.#changes });
    const forget = (): void => this.#forget();
    this.#unsubscribe = parts.hints.subscribe(changeChannel, { heard: forget, gap: forget });
  }

  #forget(): void {
    this.#forgotten++;
    this.#resolved.clear();
    this.#existing.clear();
    this.#tokens.forget();
  }

  async resolve(address: string): Promise<Resolved> {
    const { clock, hostname, store } = this.#parts;
    const view = addressView(address, hostname);
    const known = this.#resolved.get(view);
    if (known && known.until > clock.monotonic()) return known.resolved;
    const forgotten = this.#forgotten;
    const resolved = await this.#orUnavailable<Resolved>(async () => {
      const found = await store.addressByView(view);
      // A bare user name means that user, whatever the user's addresses are.
      const user = found
        ? await store.userById(found.user)
        : address.includes("@")
          ? null
          : await store.userByView(usernameView(address));
      if (!user) return { ok: false, why: "noSuchUser" };
      const { id: account, quota } = user;
      return {
        ok: true,
        account,
        address: found?.address ?? user.address,
        quota,
        disabled: user.disabled || user.suspended,
      };
    });
    if (forgotten === this.#forgotten && (resolved.ok || resolved.why === "noSuchUser")) {
      if (this.#resolved.size >= mostResolved) this.#resolved.clear();
      this.#resolved.set(view, { resolved, until: clock.monotonic() + (resolved.ok ? resolvedFor : unresolvedFor) });
    }
    return resolved;
  }

  async #orUnavailable<T>(work: () => Promise<T>): Promise<T | { ok: false; why: "unavailable" }> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      this.#parts.logger.warn({ err: error }, "directory unavailable");
      return { ok: false, why: "unavailable" };
    }
  }

  authenticate(attempt: LoginAttempt): Promise<LoginResult> {
    return this.#orUnavailable<LoginResult>(async () => {
      const login = await this.#logins.authenticate(attempt);
      return login.ok ? { ok: true, user: shown(login.user) } : login;
    });
  }

  #storedByName(name: string): Promise<StoredUser | null> {
    const { hostname, store } = this.#parts;
    const view = usernameView(name);
    // A bare name may be the local part of an address in the server's own domain.
    return name.includes("@") ? store.userByView(view) : store.userByView(view, addressView(name, hostname));
  }

  async userById(id: AccountId): Promise<User | null> {
    const user = await this.#parts.store.userById(id);
    return user && shown(user);
  }

  async hasUser(id: AccountId): Promise<boolean> {
    const { clock, store } = this.#parts;
    const until = this.#existing.get(id);
    if (until !== undefined && until > clock.monotonic()) return true;
    const forgotten = this.#forgotten;
    const found = await store.userById(id).catch((error: unknown) => {
      // With the store away, what is known has to do: mail that is in memory can still be read.
      if (until === undefined || !(error instanceof StoreUnavailable)) throw error;
      return "known";
    });
    if (found === null) return false;
    if (found !== "known" && forgotten === this.#forgotten) {
      if (this.#existing.size >= mostResolved) this.#existing.clear();
      this.#existing.set(id, clock.monotonic() + resolvedFor);
    }
    return true;
  }

  async userByName(name: string): Promise<User | null> {
    const user = await this.#storedByName(name);
    return user && shown(user);
  }

  createUser(user: NewUser & { password: string | false; mailboxes?: StandardPaths }): Promise<CreateResult> {
    return this.#orUnavailable<CreateResult>(async () => {
      const { accounts, clock, cpu, hostname, newId, store } = this.#parts;
      const { password, mailboxes, emptyAddress, hashedPassword, ...facts } = user;
      const username = facts.username.trim();
      if (!isUsername(username)) return { ok: false, why: "badUsername" };
      const address =
        facts.address ?? (emptyAddress ? "" : username.includes("@") ? username : `${username}@${hostname}`);
      if (address !== "" && !isAddress(address)) return { ok: false, why: "badAddress" };
      const view = usernameView(username);
      if (await store.userByView(view)) return { ok: false, why: "userExists" };
      const id = newId() as AccountId;
      const now = clock.now();
      const stored: StoredUser = {
        ...defaults,
        quota: this.#parts.quota,
        ...facts,
        id,
        username,
        usernameView: view,
        address,
        passwordHash: hashedPassword ?? (password === false ? "" : await cpu.hashPassword(password)),
        created: now,
        passwordChange: now,
      };
      // The mail comes first: a user that can be found always has an INBOX. What a crash leaves here is an account
      // without a user, which nobody can reach.
      const opened = await accounts.ask(id, {
        kind: "change",
        request: `open:${id}` as RequestId,
        command: { kind: "openAccount", quota: stored.quota, mailboxes: standardMailboxes(mailboxes) },
      });
      if (!opened.ok) return { ok: false, why: "unavailable" };
      const main: StoredAddress | null =
        address === ""
          ? null
          : {
              id: newId(),
              address,
              addressView: addressView(address, hostname),
              user: id,
              created: now,
              tags: [],
              main: true,
            };
      const inserted = await store.insertUser(stored, main);
      if (inserted !== "inserted") {
        await accounts.ask(id, { kind: "forget" });
        return { ok: false, why: inserted };
      }
      this.#changed();
      return { ok: true, user: shown(stored) };
    });
  }

  updateUser(
    id: AccountId,
    change: UserChange & { password?: string | false },
    seen?: Pick<User, "passwordChange">,
  ): Promise<UpdateResult> {
    return this.#orUnavailable<UpdateResult>(async () => {
      const { clock, cpu, sessions } = this.#parts;
      const { password, settings, ...facts } = change;
      const passwordHash = password === undefined || password === false ? "" : await cpu.hashPassword(password);
      let overtaken = false;
      const user = await this.#changes.change(id, (before) => {
        // The time is another one for each password.
        overtaken = seen !== undefined && before.passwordChange !== seen.passwordChange;
        if (overtaken) return null;
        return {
          ...facts,
          ...(settings === undefined ? {} : { settings: { ...before.settings, ...settings } }),
          // Who changes a password means to keep others out.
          ...(password === undefined
            ? {}
            : { passwordHash, passwordChange: Math.max(clock.now(), before.passwordChange + 1), tokens: [] }),
        };
      });
      if (!user) return { ok: false, why: "noSuchUser" };
      if (overtaken) return { ok: false, why: "badCredentials" };
      this.#changed();
      if (facts.disabled || facts.suspended) sessions.endAll(id, "Account is disabled");
      else if (password !== undefined) sessions.endAll(id, "Password changed");
      if (facts.quota !== undefined && !(await this.#tellQuota(user))) return { ok: false, why: "unavailable" };
      return { ok: true, user: shown(user) };
    });
  }

  /** Tells the account its user's quota, until what it was told last is what the user has: nodes may tell it at once. */
  async #tellQuota({ id, quota }: StoredUser): Promise<boolean> {
    const { accounts, randomHex, store } = this.#parts;
    for (let bytes = quota; ; ) {
      const request = `quota:${id}:${randomHex(8)}` as RequestId;
      const set = await accounts.ask(id, { kind: "change", request, command: { kind: "setQuota", bytes } });
      if (!set.ok) return false;
      const user = await store.userById(id);
      if (!user || user.quota === bytes) return true;
      bytes = user.quota;
    }
  }

  deleteUser(id: AccountId): Promise<{ ok: true } | { ok: false; why: "noSuchUser" | "unavailable" }> {
    return this.#orUnavailable(async () => {
      const { accounts, sessions, store } = this.#parts;
      if (!(await store.userById(id))) return { ok: false, why: "noSuchUser" } as const;
      // The mail goes first: what a crash leaves is a user without mail, who can be deleted again, and no mail that
      // nobody can reach.
      const forgotten = await accounts.ask(id, { kind: "forget" });
      if (!forgotten.ok) return { ok: false, why: "unavailable" } as const;
      const wasThere = await store.deleteUser(id);
      this.#changed();
      sessions.endAll(id, "Account is deleted");
      return wasThere ? ({ ok: true } as const) : ({ ok: false, why: "noSuchUser" } as const);
    });
  }

  listUsers(query: UserQuery): Promise<UserPage> {
    return this.#orUnavailable<UserPage>(async () => {
      const { store } = this.#parts;
      const [total, found] = await Promise.all([
        store.countUsers(query.query),
        store.listUsers({ ...query, limit: query.limit + 1 }),
      ]);
      const hasMore = found.length > query.limit;
      // The one too many is the first of a page read backwards, the last of one read forwards.
      const users = hasMore ? (query.before ? found.slice(1) : found.slice(0, query.limit)) : found;
      return { ok: true, total, users: users.map(shown), hasMore };
    });
  }

  issueToken({ id, passwordChange }: Pick<User, "id" | "passwordChange">): Promise<string | null> {
    return this.#tokens.issue(id, passwordChange);
  }

  async tokenOwner(token: string, remote: string): Promise<TokenOwner> {
    const remembered = this.#tokens.remembered(token);
    if (remembered !== null) return { ok: true, account: remembered };
    const named = namedBy(token) ?? "";
    const { wait } = await this.#tokenLimits.standing(named, remote);
    if (wait > 0) return rateLimited(wait);
    const account = await this.#tokens.ownerOf(token);
    if (account !== null) {
      await this.#tokenLimits.succeeded(named, remote);
      return { ok: true, account };
    }
    const { reached } = await this.#tokenLimits.failed(named, remote);
    this.#parts.logger.warn(
      { remote, protocol: "http" },
      reached === null
        ? "Refused an unknown access token"
        : "Too many unknown access tokens: the next are refused unseen",
    );
    return { ok: false, why: "unknown" };
  }

  async revokeToken(token: string): Promise<boolean> {
    const revoked = await this.#tokens.revoke(token);
    if (revoked) this.#changed();
    return revoked;
  }

  async revokeTokens(id: AccountId): Promise<boolean> {
    let found = false;
    await this.#changes.change(id, ({ tokens = [] }) => {
      found = tokens.length > 0;
      return found ? { tokens: [] } : null;
    });
    if (found) this.#changed();
    return found;
  }

  #changed(): void {
    this.#forget();
    this.#parts.hints.publish(changeChannel, new Uint8Array(0));
  }

  stop(): void {
    this.#unsubscribe();
  }
}

function shown({ passwordHash, usernameView: _, tokens: _tokens, version: _version, ...user }: StoredUser): User {
  return { ...user, hasPassword: passwordHash !== "" };
}
