import { command } from "../command.ts";
import { signIn } from "../sign-in.ts";
import { credential } from "../wire/rules.ts";

/** LOGIN: name and password in the clear, or within TLS; both are taken exactly as sent. */
export const login = command({
  name: "LOGIN",
  rfc: ["3501 §6.2.3"],
  states: ["notAuthenticated"],
  args: { username: credential, password: credential },
  run: ({ args }, session) => signIn(session, args.username, args.password),
});
