import { z } from "zod";
import { nothing } from "../answers.ts";
import { tokenOf } from "../auth/token.ts";
import { badInput, unavailable, userNotFound } from "../failure.ts";
import { accountId, flag, moment, text } from "../input/fields.ts";
import { operation } from "../operation.ts";
import { loginFailure } from "./users.ts";

export const authenticate = operation({
  method: "POST",
  path: "/authenticate",
  id: "authenticate",
  tag: "Authentication",
  summary: "Check a user's password, and get a token for the user",
  access: { may: "create", what: "authentication", whose: "any" },
  params: {
    username: text(256).trim().min(1),
    password: text(1024).min(1),
    protocol: text(255).default("API"),
    scope: z.enum(["master", "imap", "pop3", "smtp"]).default("master"),
    appId: text(255).optional(),
    token: flag.default(false),
  },
  answer: z.object({
    id: z.string(),
    username: z.string(),
    address: z.string(),
    scope: z.string(),
    require2fa: z.boolean(),
    require2faEnabled: z.boolean(),
    requirePasswordChange: z.boolean(),
    token: z.string().optional(),
  }),
  async run({ username, password, scope, token, ip }, { services, principal, remote }) {
    if (token && scope !== "master") throw badInput("token", 'can be true with the scope "master" only');
    const checked = await services.directory.authenticate({
      username,
      password,
      protocol: scope === "imap" || scope === "pop3" ? scope : "http",
      // The caller is a web application that knows its client; without its word failures would all be its own.
      remote: principal.kind === "root" && ip ? ip : remote,
    });
    services.metrics.login("http", checked.ok ? "ok" : checked.why === "rateLimited" ? "limited" : "failed");
    if (!checked.ok) throw loginFailure(checked);
    const { user } = checked;
    const issued = token ? await services.directory.issueToken(user) : null;
    if (token && issued === null) throw unavailable();
    return {
      success: true,
      id: user.id,
      username: user.username,
      address: user.address,
      scope,
      require2fa: false,
      require2faEnabled: user.settings.require2faEnabled === true,
      requirePasswordChange: user.settings.requirePasswordChange === true,
      ...(issued === null ? {} : { token: issued }),
    };
  },
});

export const invalidateToken = operation({
  method: "DELETE",
  path: "/authenticate",
  id: "invalidateAccessToken",
  tag: "Authentication",
  summary: "Make the user token of this request good no longer",
  access: "anyone known",
  params: {},
  answer: nothing,
  async run(_, { services, principal, request }) {
    if (principal.kind === "root") throw badInput("accessToken", "must be the token of a user");
    const token = tokenOf(new URL(request.url), request.headers);
    if (token !== null) await services.directory.revokeToken(token);
    return {};
  },
});

export const authenticated = operation({
  method: "GET",
  path: "/authenticated",
  id: "isUserAuthenticated",
  tag: "Authentication",
  summary: "Whether the token is good",
  access: "anyone known",
  params: {},
  answer: nothing,
  run: async () => ({}),
});

// 32 letters and digits that cannot be taken for one another: each byte of the random source picks one, none more often.
const letters = "23456789abcdefghjkmnpqrstuvwxyz!";
const passwordLength = 16;

export const resetPassword = operation({
  method: "POST",
  path: "/users/{user}/password/reset",
  id: "resetUserPassword",
  tag: "Users",
  summary: "Give a user a new random password",
  access: { may: "update", what: "users", whose: "any" },
  params: { user: accountId, validAfter: z.union([z.literal(false), z.literal("false"), moment]).optional() },
  answer: z.object({ password: z.string() }),
  async run({ user: id, validAfter }, { services }) {
    if (validAfter instanceof Date && validAfter.getTime() > services.clock.now()) {
      throw badInput("validAfter", "cannot be in the future: the new password is valid at once");
    }
    const random = Buffer.from(services.randomHex(passwordLength), "hex");
    const password = Array.from(random, (byte) => letters[byte % letters.length]).join("");
    const settings = { requirePasswordChange: true };
    const updated = await services.directory.updateUser(id, { password, settings });
    if (!updated.ok) throw updated.why === "noSuchUser" ? userNotFound() : unavailable();
    return { password };
  },
});
