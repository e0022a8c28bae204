import type { LoginResult } from "../../actors/directory/requests.ts";
import type { SessionHandle } from "../../actors/sessions/sessions.ts";
import type { User } from "../../store/directory.ts";
import { Maildrop } from "./maildrop.ts";
import { err, ok, type Reply, refused } from "./reply.ts";
import type { Session } from "./session.ts";
import { SignedIn } from "./signed-in.ts";

/**
 * Checks the password, counts the connection, and opens the maildrop: into TRANSACTION, or a reason why not. null is
 * what is not UTF-8: wrong, whatever the user's password is.
 */
export async function signIn(session: Session, username: string | null, password: string | null): Promise<Reply> {
  const { services, remote } = session;
  const asked = services.clock.monotonic();
  const result =
    username === null || password === null
      ? notUtf8
      : await services.directory.authenticate({ username, password, protocol: "pop3", remote });
  services.metrics.login("pop3", result.ok ? "ok" : result.why === "rateLimited" ? "limited" : "failed");
  if (!result.ok) {
    // Who is over a limit is not looked at; the line that said so was written when the limit was reached.
    session.log(result.why === "rateLimited" ? "debug" : "warn", { username, why: result.why }, "login failed");
    if (result.why !== "unavailable") session.badLogin();
    return loginRefusal(result);
  }
  const { user } = result;
  const handle = await services.sessions.open({
    account: user.id,
    user: user.username,
    protocol: "pop3",
    remote,
    secure: session.secure,
    limit: session.options.maxConnectionsPerUser,
    asked,
    onEnd: (reason) => session.dismiss(`[SYS/TEMP] Session ended: ${reason}`),
  });
  if (!handle.ok) {
    session.log("warn", { username, limit: handle.limit }, "too many connections");
    return err(`Too many connections (${handle.limit})`, "IN-USE");
  }
  return openMaildrop(session, user, handle);
}

const notUtf8 = { ok: false, why: "badCredentials" } as const;

async function openMaildrop(session: Session, user: User, handle: SessionHandle): Promise<Reply> {
  const { accounts } = session.services;
  let opened = false;
  try {
    // What another node has stored is to be seen; where that cannot be asked now, what is known here will do.
    await accounts.ask(user.id, { kind: "catchUp" });
    const inbox = await accounts.ask(user.id, {
      kind: "openMailbox",
      mailbox: { path: "INBOX" },
      claimRecent: false,
    });
    if (!inbox.ok) return refused(inbox.refusal);
    const { id } = inbox.mailbox;
    const columns = await accounts.ask(user.id, {
      kind: "readColumns",
      mailbox: id,
      uids: inbox.uids,
      columns: ["size"],
    });
    if (!columns.ok) return refused(columns.refusal);
    handle.update({ mailbox: "INBOX" });
    const signedIn = new SignedIn(user, handle, new Maildrop(inbox, columns), session.services.clock);
    opened = session.enter(signedIn);
    const { messages, octets } = signedIn.maildrop.totals();
    return ok(`maildrop has ${messages} messages (${octets} octets)`);
  } finally {
    if (!opened) handle.close();
  }
}

function loginRefusal(result: LoginResult & { ok: false }): Reply {
  switch (result.why) {
    case "badCredentials":
      return err("Wrong user name or password", "AUTH");
    case "disabled":
      return err("Account is disabled", "SYS/PERM");
    case "unavailable":
      return err("Cannot check the password now, try again later", "SYS/TEMP");
    case "rateLimited":
      return err(`Too many failed logins, try again in ${Math.ceil(result.retryAfter)} s`, "LOGIN-DELAY");
  }
}
