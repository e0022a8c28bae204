import { z } from "zod";
import { nothing } from "../answers.ts";
import { HttpFailure } from "../failure.ts";
import { accountId, integer, text } from "../input/fields.ts";
import { operation } from "../operation.ts";

const tag = "Sessions";

const session = z.object({
  id: z.string(),
  user: z.string(),
  username: z.string(),
  protocol: z.string(),
  node: z.string(),
  remote: z.string(),
  secure: z.boolean(),
  mailbox: z.string().nullable(),
  client: z.string().nullable(),
  started: z.string(),
});

export const listSessions = operation({
  method: "GET",
  path: "/sessions",
  id: "getSessions",
  tag,
  summary: "IMAP and POP3 sessions and event streams of all nodes",
  access: { may: "read", what: "sessions", whose: "any" },
  params: { user: accountId.optional(), limit: integer(1, 10_000).default(1000) },
  answer: z.object({ results: z.array(session) }),
  async run({ user, limit }, { services }) {
    const records = await services.sessions.list({ ...(user ? { account: user } : {}), limit });
    const results = records.map(({ id, account, user, protocol, node, remote, secure, mailbox, client, started }) => ({
      id,
      user: account as string,
      username: user,
      protocol,
      node,
      remote,
      secure,
      mailbox,
      client,
      started: new Date(started).toISOString(),
    }));
    return { results };
  },
});

export const endSession = operation({
  method: "DELETE",
  path: "/sessions/{session}",
  id: "endSession",
  tag,
  summary: "End a session, whichever node holds it",
  access: { may: "delete", what: "sessions", whose: "any" },
  params: {
    session: text(64).regex(/^sess_[0-9a-f]+$/, "is not a session id"),
    reason: singleLine().default("Ended by the administrator"),
  },
  answer: nothing,
  async run({ session, reason }, { services }) {
    const ended = await services.sessions.end(session, reason);
    if (!ended) throw new HttpFailure(404, "SessionNotFound", "This session does not exist");
    return {};
  },
});

export const logoutUser = operation({
  method: "PUT",
  path: "/users/{user}/logout",
  id: "logoutUser",
  tag: "Users",
  summary: "End all sessions and tokens of a user",
  access: { may: "update", what: "sessions", whose: "own" },
  params: { user: accountId, reason: singleLine().default("Logged out") },
  answer: nothing,
  async run({ user, reason }, { services }) {
    if (!(await services.directory.userById(user))) {
      throw new HttpFailure(404, "UserNotFound", "This user does not exist");
    }
    await services.directory.revokeTokens(user);
    services.sessions.endAll(user, reason);
    return {};
  },
});

/** The reason is shown in protocols whose answers are lines. */
function singleLine() {
  return text(128).regex(/^[^\p{Cc}]+$/u, "must be a single line");
}
