import { z } from "zod";
import type { AccountId } from "../../../domain/ids.ts";
import { isObjectId } from "../../../domain/ids.ts";
import { hashFault } from "../../../domain/password-hash.ts";
import { nothing, pageOf } from "../answers.ts";
import { pageFrame, startOf } from "../cursor.ts";
import { badInput, HttpFailure, unavailable, userNotFound } from "../failure.ts";
import { accountId, cursor, flag, moment, pageSize, text } from "../input/fields.ts";
import { operation } from "../operation.ts";
import { refusalFailure } from "../refusals.ts";
import type { AllServices } from "../services.ts";
import type { User, UserPage } from "../user.ts";
import { changeFrom, password, settableFields, standardPaths } from "./user-fields.ts";
import { detailsOf, listingOf, userDetails, userListing } from "./user-view.ts";

const tag = "Users";
const byId = z.string().refine(isObjectId) as unknown as z.ZodType<AccountId>;

/** Refused: a list that ignores its filter shows users that were not asked for. */
const notFilters = { forward: text(255).optional(), tags: text(1024).optional(), requiredTags: text(1024).optional() };

export const listUsers = operation({
  method: "GET",
  path: "/users",
  id: "getUsers",
  tag,
  summary: "List registered users",
  access: { may: "read", what: "users", whose: "any" },
  params: {
    query: text(255).default(""),
    ...notFilters,
    metaData: flag.default(false),
    internalData: flag.default(false),
    limit: pageSize,
    next: cursor.optional(),
    previous: cursor.optional(),
  },
  answer: pageOf(userListing).extend({ query: z.string() }),
  async run({ query, limit, metaData, internalData, next, previous, ...rest }, { services }) {
    for (const name of ["forward", "tags", "requiredTags"] as const) {
      if (rest[name] !== undefined) throw badInput(name, "is not a filter of this version");
    }
    const start = startOf({ next, previous }, byId);
    const page: UserPage = await services.directory.listUsers({
      limit,
      ...(query ? { query } : {}),
      ...(start?.way === "next" ? { after: start.key } : {}),
      ...(start?.way === "previous" ? { before: start.key } : {}),
    });
    if (!page.ok) throw unavailable();
    const { users } = page;
    const backwards = start?.way === "previous";
    const frame = pageFrame({
      start,
      ends: users.length > 0 ? { first: users[0]!.id, last: users[users.length - 1]!.id } : null,
      before: backwards ? page.hasMore : start !== null,
      after: backwards || page.hasMore,
    });
    const used = await bytesUsed(services, users);
    const results = users.map((user, at) => listingOf(user, used[at]!, { metaData, internalData }));
    return { query, total: page.total, ...frame, results };
  },
});

export const createUser = operation({
  method: "POST",
  path: "/users",
  id: "createUser",
  tag,
  summary: "Create a user with its main address and standard mailboxes",
  access: { may: "create", what: "users", whose: "any" },
  params: {
    username: text(128).trim().min(1),
    password,
    address: text(255).trim().min(1).optional(),
    emptyAddress: flag.default(false),
    mailboxes: standardPaths.optional(),
    ...settableFields,
  },
  answer: z.object({ id: z.string() }),
  async run({ username, password, hashedPassword, address, emptyAddress, mailboxes, ...settable }, { services }) {
    if (hashedPassword && password) refuseHash(password);
    const created = await services.directory.createUser({
      username,
      ...changeFrom(settable),
      ...(address === undefined ? {} : { address }),
      ...(emptyAddress ? { emptyAddress } : {}),
      ...(mailboxes ? { mailboxes } : {}),
      ...(hashedPassword && password ? { hashedPassword: password, password: false } : { password }),
    });
    if (created.ok) return { id: created.user.id };
    switch (created.why) {
      case "userExists":
        throw new HttpFailure(400, "UserExistsError", "This username already exists");
      case "addressExists":
        throw new HttpFailure(400, "AddressExistsError", "This address already exists");
      case "badUsername":
        throw badInput("username", "is not a valid user name");
      case "badAddress":
        throw badInput("address", "is not a valid address");
      case "unavailable":
        throw unavailable();
    }
  },
});

export const resolveUser = operation({
  method: "GET",
  path: "/users/resolve/{username}",
  id: "resolveUser",
  tag,
  summary: "The id of the user with this name or address",
  access: { may: "read", what: "users", whose: "any" },
  params: { username: text(255).trim().min(1) },
  answer: z.object({ id: z.string() }),
  async run({ username }, { services }) {
    const user = await services.directory.userByName(username);
    if (!user) throw userNotFound();
    return { id: user.id };
  },
});

export const getUser = operation({
  method: "GET",
  path: "/users/{user}",
  id: "getUser",
  tag,
  summary: "One user in full",
  access: { may: "read", what: "users", whose: "own" },
  params: { user: accountId },
  answer: userDetails,
  async run({ user: id }, { services, principal }) {
    const user = await existingUser(services, id);
    const [used] = await bytesUsed(services, [user]);
    return detailsOf(user, used!, principal.kind === "root");
  },
});

/** What users may change of themselves; the rest is the administrator's. */
const ownFields = new Set(["user", "sess", "ip", "existingPassword", "password", "name", "language", "metaData"]);

export const updateUser = operation({
  method: "PUT",
  path: "/users/{user}",
  id: "updateUser",
  tag,
  summary: "Change a user",
  access: { may: "update", what: "users", whose: "own" },
  params: {
    user: accountId,
    existingPassword: text(1024).optional(),
    password: password.optional(),
    disable2fa: flag.optional(),
    disabled: flag.optional(),
    suspended: flag.optional(),
    ...settableFields,
    hashedPassword: flag.optional(),
    allowUnsafe: flag.optional(),
  },
  answer: nothing,
  async run({ user: id, existingPassword, password, hashedPassword, ...settable }, call) {
    const { services, principal, remote } = call;
    const user = await existingUser(services, id);
    if (principal.kind !== "root") {
      const others = Object.entries(settable).find(([name, value]) => value !== undefined && !ownFields.has(name));
      if (others) throw new HttpFailure(403, "MissingPrivileges", `Not enough privileges to change "${others[0]}"`);
    }
    if (hashedPassword && password) throw badInput("hashedPassword", "is taken only where a user is created");
    let seen: User | undefined;
    if (existingPassword !== undefined || (principal.kind !== "root" && password !== undefined)) {
      const check = await services.directory.authenticate({
        username: user.username,
        password: existingPassword ?? "",
        protocol: "http",
        remote,
      });
      if (!check.ok) throw loginFailure(check);
      seen = check.user;
    }
    const change = { ...changeFrom(settable), ...(password === undefined ? {} : { password }) };
    const updated = await services.directory.updateUser(id, change, seen);
    if (!updated.ok) throw updateFailure(updated.why);
    return {};
  },
});

function updateFailure(why: "noSuchUser" | "badCredentials" | "unavailable"): HttpFailure {
  if (why === "noSuchUser") return userNotFound();
  return why === "unavailable" ? unavailable() : loginFailure({ why });
}

export const deleteUser = operation({
  method: "DELETE",
  path: "/users/{user}",
  id: "deleteUser",
  tag,
  summary: "Delete a user and all of its mail",
  access: { may: "delete", what: "users", whose: "any" },
  params: { user: accountId, deleteAfter: z.union([z.literal("false"), z.literal(false), moment]).optional() },
  answer: z.object({ code: z.string(), user: z.string() }),
  async run({ user: id, deleteAfter }, { services }) {
    if (deleteAfter instanceof Date) throw badInput("deleteAfter", "cannot be a date: users are deleted at once");
    const deleted = await services.directory.deleteUser(id);
    if (!deleted.ok) throw deleted.why === "noSuchUser" ? userNotFound() : unavailable();
    return { code: "UserDeleted", user: id };
  },
});

/** @throws HttpFailure UserNotFound */
export async function existingUser(services: AllServices, id: AccountId): Promise<User> {
  const user = await services.directory.userById(id);
  if (!user) throw userNotFound();
  return user;
}

/** What a failed password check is answered with. */
export function loginFailure(
  failed: { why: "badCredentials" | "disabled" | "unavailable" } | { why: "rateLimited"; retryAfter: number },
): HttpFailure {
  switch (failed.why) {
    case "badCredentials":
      return new HttpFailure(403, "AuthFailed", "Authentication failed");
    case "disabled":
      return new HttpFailure(403, "UserDisabled", "User account is disabled");
    case "rateLimited":
      return new HttpFailure(429, "RateLimitedError", "Authentication was rate limited", {
        retryAfter: failed.retryAfter,
      });
    case "unavailable":
      return unavailable();
  }
}

/** Of a hash of another kind nobody could tell why its user cannot log in. */
function refuseHash(hash: string): void {
  const fault = hashFault(hash);
  if (fault === "unknown") throw badInput("password", "is not a hash that this server can check");
  if (fault === "costly") throw badInput("password", "is a hash that takes too long to check: its cost is too high");
}

const atOnce = 16; // Each may wake an actor: a page of 250 must not crowd out those that carry mail.

/** Bytes of mail each user has; 0 where the account has never been opened. */
async function bytesUsed(services: AllServices, users: readonly User[]): Promise<readonly number[]> {
  const used: number[] = [];
  for (let at = 0; at < users.length; at += atOnce) {
    const answers = await Promise.all(
      users.slice(at, at + atOnce).map(({ id }) =>
        services.accounts.ask(id, { kind: "catchUp" }).catch((err: unknown) => {
          // One account whose log is damaged must not hide all others.
          services.logger.error({ account: id, err }, "an account cannot be read");
          return null;
        }),
      ),
    );
    for (const answer of answers) {
      if (answer === null) used.push(0);
      else if (answer.ok) used.push(answer.used);
      else if (answer.refusal.kind === "noSuchAccount") used.push(0);
      else throw refusalFailure(answer.refusal);
    }
  }
  return used;
}
