import type { Reply } from "./reply.ts";
import type { Session } from "./session.ts";
import type { SignedIn } from "./signed-in.ts";
import type { ArgumentRule } from "./wire/rules.ts";

/** RFC 1939 §3. UPDATE is no state a client can be in: QUIT passes through it. */
export type SessionState = "authorization" | "transaction";

/** A session as a command may use it: in TRANSACTION the maildrop is there. */
export type SessionIn<S extends SessionState> = [S] extends ["transaction"]
  ? Session & { readonly user: SignedIn }
  : Session;

/** The facts about a command and what it does. */
export type CommandFacts<T, S extends SessionState> = {
  readonly name: string;
  readonly rfc: readonly string[];
  readonly states: readonly S[];
  readonly args: ArgumentRule<T>;
  run(call: { readonly args: T }, session: SessionIn<S>): Reply | Promise<Reply>;
};

/** A command as the dispatcher sees it. */
export type Command = Omit<CommandFacts<unknown, SessionState>, "run"> & {
  run(call: { readonly args: unknown }, session: Session): Reply | Promise<Reply>;
};

/** Declares a command; `run` gets its arguments typed by the rule and the session by the states. */
export function command<T, S extends SessionState>(facts: CommandFacts<T, S>): Command {
  return facts as unknown as Command;
}
