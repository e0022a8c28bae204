import type { Command, CommandState, Completion, Expunges } from "./command.ts";
import { commandNamed } from "./commands/index.ts";
import { IdlePush } from "./idle-push.ts";
import { refusalReply } from "./refusals.ts";
import { RefusedRead } from "./refused-read.ts";
import type { Session } from "./session.ts";
import { tellNews } from "./tell-news.ts";
import { Cursor } from "./wire/cursor.ts";
import { parseArgs } from "./wire/parse-args.ts";
import { offeredCharsets } from "./wire/rules.ts";
import type { RawCommand, ReadFailure } from "./wire/types.ts";
import { BeyondLimit, ImpossibleName, UnknownCharset, WireSyntaxError } from "./wire/wire-syntax-error.ts";

/** A completion that has its tagged line now. */
export type Completed = Exclude<Completion, { status: "open" }>;

/**
 * Runs one command from its text to its tagged line. The client's mistakes are BAD, refusals are NO, and what we did
 * wrong is logged and `NO [SERVERBUG]`; the session lives on.
 */
export async function answer(session: Session, raw: RawCommand): Promise<void> {
  const { clock, metrics } = session.server.services;
  const started = clock.monotonic();
  const found = commandNamed(raw.name);
  session.borrowOutput();
  let bug = false;
  let completion: Completion;
  try {
    completion = await run(session, raw, found);
    if (found !== undefined && completion.status !== "BAD") await tellNewsAfter(session, raw, found, completion);
  } catch (error) {
    const known = knownFailure(raw, error);
    bug = known === null;
    if (bug) session.log().error({ command: raw.name, err: error }, "command failed");
    completion = known ?? { status: "NO", code: "SERVERBUG", text: `${raw.name} failed on the server` };
  }
  completion = withModSeq(completion, session);
  session.arrival?.abandon();
  session.arrival = null;
  if (completion.status === "BAD") session.badCommand();
  if (completion.status !== "open") tagged(session, raw.tag, completion);
  session.returnOutput();
  const result = bug ? "error" : completion.status === "open" ? "ok" : lower[completion.status];
  metrics.command("imap", found?.name ?? "unknown", result, (clock.monotonic() - started) / 1000);
  if (completion.status === "open") session.idle = new IdlePush(session, raw.tag);
  if (session.view?.gone) session.bye("Selected mailbox was deleted");
  if (session.afterwards === "startTls") await session.startTls();
  else if (session.afterwards === "end") session.socket.end();
  session.afterwards = null;
}

/** Answers a command that could not even be read. */
export function answerFailure(session: Session, failure: ReadFailure): void {
  const { arrival, socket } = session;
  session.arrival = null;
  arrival?.abandon();
  const name = commandNamed(failure.name ?? "")?.name ?? "unknown";
  if (failure.why === "refused" && arrival !== null) {
    if (arrival.refused.startsWith("BAD")) session.badCommand();
    socket.write(`${failure.tag} ${arrival.refused}\r\n`);
    session.server.services.metrics.command("imap", name, arrival.refused.startsWith("BAD") ? "bad" : "no", 0);
    return;
  }
  session.badCommand();
  socket.write(
    `${failure.tag ?? "*"} BAD ${failure.name === null ? "" : `${failure.name}: `}${faults[failure.why]}\r\n`,
  );
  session.server.services.metrics.command("imap", name, "bad", 0);
}

/** News may not have been there to be told: a client that were told the number all the same would never ask for it. */
function withModSeq(completion: Completion, { view }: Session): Completion {
  if (!("upTo" in completion) || completion.upTo === undefined || view === null) return completion;
  return view.told < completion.upTo ? completion : { ...completion, code: `HIGHESTMODSEQ ${completion.upTo}` };
}

/** Writes the tagged line. */
export function tagged({ out }: Session, tag: string, completion: Completed): void {
  out.ascii(tag).ascii(" ").ascii(completion.status).ascii(" ");
  const { code, text } =
    "refusal" in completion ? refusalReply(completion.refusal, completion.object ?? "mailbox") : completed(completion);
  if (code !== undefined) out.ascii("[").text(code).ascii("] ");
  out.text(text).crlf();
}

function completed(completion: { text: string; code?: string }): { text: string; code?: string } {
  return completion;
}

const lower = { OK: "ok", NO: "no", BAD: "bad" } as const;
const faults = {
  syntax: "Cannot read this as a command",
  lineTooLong: "Line is too long",
  literalTooBig: "Literal is too big",
  refused: "Literal is not wanted here",
} as const satisfies Record<ReadFailure["why"], string>;

async function run(session: Session, raw: RawCommand, found: Command | undefined): Promise<Completion> {
  if (found === undefined || (raw.uid && found.uid !== true)) {
    return { status: "BAD", text: `Unknown command ${raw.uid ? "UID " : ""}${raw.name}` };
  }
  const state = stateOf(session);
  if (!found.states.includes(state))
    return { status: "BAD", text: `${found.name} is not for the ${stateNames[state]} state` };
  const cursor = new Cursor(raw.args, session.wire, raw.literals);
  const args = parseArgs(found.args, cursor);
  if (found.writes && session.view?.writable === false) {
    return { status: "NO", code: "READ-ONLY", text: "Mailbox was opened read-only" };
  }
  return await found.run({ tag: raw.tag, args, addressing: raw.uid ? "uid" : "sequence" }, session);
}

/**
 * News with the answer to a command. What the command did stays done, whether or not there is news to be had: only one
 * that is there to ask for it (NOOP, CHECK) fails where there is none.
 */
async function tellNewsAfter(session: Session, raw: RawCommand, found: Command, { status }: Completion): Promise<void> {
  try {
    await tellNews(session, expungesOf(found, raw), found.catchesUp === true);
  } catch (error) {
    if (found.catchesUp && status !== "open") throw error;
    session.log().warn({ command: raw.name, err: error }, "cannot tell news");
  }
}

const stateNames = {
  notAuthenticated: "not authenticated",
  authenticated: "authenticated",
  selected: "selected",
} as const satisfies Record<CommandState, string>;

function stateOf(session: Session): CommandState {
  if (session.view !== null) return "selected";
  return session.user === null ? "notAuthenticated" : "authenticated";
}

function expungesOf(found: Command, raw: RawCommand): Expunges {
  return found.expunges?.[raw.uid ? "uid" : "sequence"] ?? "release";
}

/** The completion of a command that ended by an exception which is not our fault; null where it is. */
function knownFailure(raw: RawCommand, error: unknown): Completed | null {
  if (error instanceof RefusedRead) return { status: "NO", refusal: error.refusal, object: error.object };
  if (error instanceof UnknownCharset) {
    const code = `BADCHARSET (${offeredCharsets.join(" ")})`;
    return { status: "NO", code, text: `Unknown charset ${error.charset}` };
  }
  if (error instanceof ImpossibleName) return impossible(error);
  if (error instanceof BeyondLimit) return { status: "NO", code: "LIMIT", text: `Not more than ${error.expected}` };
  if (error instanceof WireSyntaxError) return { status: "BAD", text: `${raw.name}: ${error.message}` };
  return null;
}

function impossible({ expected: why }: ImpossibleName): Completed {
  return { status: "NO", refusal: { kind: "badMailboxName", path: "", why } };
}
