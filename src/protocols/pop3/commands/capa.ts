import { command } from "../command.ts";
import type { Session } from "../session.ts";
import { nothing } from "../wire/rules.ts";

/** CAPA: what this server can do, as far as it can be used on this connection now. */
export const capa = command({
  name: "CAPA",
  rfc: ["2449 §5", "2595 §4", "3206 §6", "5034 §3", "6856 §2"],
  states: ["authorization", "transaction"],
  args: nothing,
  run: (_call, session) => ({ status: "+OK", text: "capabilities follow", lines: capabilities(session) }),
});

function* capabilities(session: Session): Generator<string> {
  yield "TOP";
  yield "UIDL";
  yield "RESP-CODES";
  yield "AUTH-RESP-CODE";
  yield "PIPELINING";
  yield "EXPIRE NEVER";
  yield "UTF8 USER";
  if (session.user !== null || session.refusePasswords() === null) {
    yield "USER";
    yield "SASL PLAIN";
  }
  if (session.user === null && !session.secure) yield "STLS";
  // Not the version: RFC 2449 §6.9 warns of telling it to those who have not logged in.
  yield session.user === null ? "IMPLEMENTATION Eider" : `IMPLEMENTATION Eider-${session.services.version}`;
}
