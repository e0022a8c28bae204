import type { SessionHandle } from "../../actors/sessions/sessions.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { Completion } from "./command.ts";
import type { Session } from "./session.ts";

/** Who is signed in on a connection. */
export type SignedIn = { readonly account: AccountId; readonly name: string; readonly record: SessionHandle };

/**
 * Checks a name and password, exactly as sent, and puts the session into the authenticated state
 * (RFC 3501 §6.2.2, §6.2.3; codes: RFC 5530). null is what is not UTF-8: wrong, whatever the user's password is.
 */
export async function signIn(session: Session, username: string | null, password: string | null): Promise<Completion> {
  const { services, options } = session.server;
  const { remote, secure } = session.socket;
  if (!session.passwordsAllowed) {
    return { status: "NO", code: "PRIVACYREQUIRED", text: "Not over clear text: use STARTTLS first" };
  }
  const asked = services.clock.monotonic();
  const result =
    username === null || password === null
      ? notUtf8
      : await services.directory.authenticate({ username, password, protocol: "imap", remote });
  if (!result.ok) {
    services.metrics.login("imap", result.why === "rateLimited" ? "limited" : "failed");
    // Who is over a limit is not looked at; the line that said so was written when the limit was reached.
    const level = result.why === "rateLimited" ? "debug" : "info";
    if (result.why !== "unavailable") {
      session.log()[level]({ user: username, why: result.why }, "login failed");
      session.badLogin();
    }
    switch (result.why) {
      case "badCredentials":
        return { status: "NO", code: "AUTHENTICATIONFAILED", text: "Wrong user name or password" };
      case "disabled":
        return { status: "NO", code: "CONTACTADMIN", text: "Account is disabled" };
      case "rateLimited":
        return { status: "NO", code: "LIMIT", text: `Too many failures, try again in ${result.retryAfter} seconds` };
      case "unavailable":
        return { status: "NO", code: "UNAVAILABLE", text: "Cannot check passwords now, try again later" };
    }
  }
  const { user } = result;
  const limit = user.imapMaxConnections || options.maxConnectionsPerUser;
  const record = await services.sessions.open({
    account: user.id,
    user: user.username,
    protocol: "imap",
    remote,
    secure,
    limit,
    asked,
    onEnd: (reason) => session.dismiss(reason),
  });
  if (!record.ok) {
    services.metrics.login("imap", "limited");
    return { status: "NO", code: "LIMIT", text: `Too many connections of this user: at most ${record.limit}` };
  }
  services.metrics.login("imap", "ok");
  if (!session.signedIn({ account: user.id, name: user.username, record })) record.close();
  return { status: "OK", code: `CAPABILITY ${session.capabilities}`, text: "Logged in" };
}

const notUtf8 = { ok: false, why: "badCredentials" } as const;
