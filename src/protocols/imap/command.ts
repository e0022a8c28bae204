import type { Refusal } from "../../domain/account/refusal.ts";
import type { RefusedObject } from "./refusals.ts";
import type { Session } from "./session.ts";
import type { SignedIn } from "./sign-in.ts";
import type { Addressing, View } from "./view.ts";
import type { ArgumentRules, Arguments } from "./wire/parse-args.ts";
import type { RawCommand } from "./wire/types.ts";

/** RFC 3501 §3. */
export type CommandState = "notAuthenticated" | "authenticated" | "selected";

/** A session as a command may use it: in the states it is for, what those states hold is there. */
export type SessionIn<S extends CommandState> = [S] extends ["selected"]
  ? Session & { readonly user: SignedIn; readonly view: View }
  : [S] extends ["authenticated" | "selected"]
    ? Session & { readonly user: SignedIn }
    : Session;

/** What became of a command; the dispatcher makes the tagged line of it. */
export type Completion =
  | {
      readonly status: "OK" | "NO";
      readonly code?: string;
      readonly text: string;
      /** To be said as HIGHESTMODSEQ where the client has been told of everything up to there (RFC 7162 §3.2.7). */
      readonly upTo?: number;
    }
  | { readonly status: "NO"; readonly refusal: Refusal; readonly object?: RefusedObject }
  | { readonly status: "BAD"; readonly text: string }
  /** IDLE: the tagged line comes later, from the session. */
  | { readonly status: "open" };

export type Call<R extends ArgumentRules> = {
  readonly tag: string;
  readonly args: Arguments<R>;
  readonly addressing: Addressing;
};

/** Whether EXPUNGE may go out in answer to a command (RFC 3501 §7.4.1, RFC 9051 §7.5.1). */
export type Expunges = "hold" | "release";

/** The facts about a command and what it does. */
export type CommandFacts<R extends ArgumentRules, S extends CommandState> = {
  readonly name: string;
  readonly rfc: readonly string[];
  readonly states: readonly S[];
  /** It has a UID form. */
  readonly uid?: true;
  /** It changes the selected mailbox: refused after EXAMINE. */
  readonly writes?: true;
  /** It is a sync point: what other nodes have done is asked for before the client is told what is new. */
  readonly catchesUp?: true;
  /** Default: release. */
  readonly expunges?: { readonly sequence: Expunges; readonly uid: Expunges };
  /** In wire order. */
  readonly args: R;
  run(call: Call<R>, session: SessionIn<S>): Completion | Promise<Completion>;
};

/** A command as the dispatcher sees it. */
export type Command = Omit<CommandFacts<ArgumentRules, CommandState>, "run"> & {
  run(call: Call<ArgumentRules>, session: Session): Completion | Promise<Completion>;
};

/** Declares a command; `run` gets its arguments typed by the rules and the session by the states. */
export function command<R extends ArgumentRules, S extends CommandState>(facts: CommandFacts<R, S>): Command {
  // The dispatcher checks the state before it runs a command, which is what makes the narrower types true.
  return facts as unknown as Command;
}

export const anyState: readonly CommandState[] = ["notAuthenticated", "authenticated", "selected"];
export const withAccount: readonly ("authenticated" | "selected")[] = ["authenticated", "selected"];

export type { RawCommand };
