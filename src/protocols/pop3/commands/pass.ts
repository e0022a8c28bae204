import { command } from "../command.ts";
import { err } from "../reply.ts";
import { signIn } from "../sign-in.ts";
import { credential } from "../wire/rules.ts";

/** PASS: the second half of a login; the rest of the line is the password, spaces included. */
export const pass = command({
  name: "PASS",
  rfc: ["1939 §7", "3206"],
  states: ["authorization"],
  args: credential,
  run({ args: password }, session) {
    const username = session.named;
    session.named = null;
    return username === null ? err("USER first") : signIn(session, username, password);
  },
});
