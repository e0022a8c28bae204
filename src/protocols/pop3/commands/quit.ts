import type { ChangeCommand } from "../../../actors/account/requests.ts";
import type { RequestId } from "../../../domain/ids.ts";
import { command } from "../command.ts";
import type { Maildrop } from "../maildrop.ts";
import { pop3Refusals } from "../refusals.ts";
import { err, ok } from "../reply.ts";
import type { Session } from "../session.ts";
import type { SignedIn } from "../signed-in.ts";
import { nothing } from "../wire/rules.ts";

/** QUIT: makes what was marked true, all of it or nothing, and ends the session. */
export const quit = command({
  name: "QUIT",
  rfc: ["1939 §4", "1939 §6"],
  states: ["authorization", "transaction"],
  args: nothing,
  run(_call, session) {
    session.endAfterReply();
    return session.user === null ? ok("bye") : update(session, session.user);
  },
});

/** RFC 1939 §6: "If there is an error … removing messages, the server must not remove any of them". */
async function update({ services }: Session, user: SignedIn) {
  const commands = changes(user.maildrop);
  const [only] = commands;
  if (only === undefined) return ok("bye");
  const outcome = await services.accounts.ask(user.account, {
    kind: "change",
    request: `pop3-${services.randomHex(16)}` as RequestId,
    command: commands.length === 1 ? only : { kind: "batch", commands },
  });
  if (outcome.ok) return ok("bye");
  const { code, text } = pop3Refusals[outcome.refusal.kind];
  return err(`${text}; no message was removed`, code);
}

function changes(maildrop: Maildrop): ChangeCommand[] {
  const { deleted, seen } = maildrop.marks();
  const mailbox = { id: maildrop.mailbox };
  const commands: ChangeCommand[] = [];
  if (seen.length > 0) commands.push({ kind: "changeFlags", mailbox, uids: seen, change: "add", flags: ["\\Seen"] });
  if (deleted.length > 0) commands.push({ kind: "expunge", mailbox, uids: deleted, which: "any" });
  return commands;
}
