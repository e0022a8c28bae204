import { readSaslPlain } from "../../sasl-plain.ts";
import { command } from "../command.ts";
import { err } from "../reply.ts";
import { signIn } from "../sign-in.ts";
import { optionalText } from "../wire/rules.ts";

/** AUTH: login by SASL PLAIN, with or without an initial response; alone, it lists the mechanisms. */
export const auth = command({
  name: "AUTH",
  rfc: ["5034", "4616", "3206"],
  states: ["authorization"],
  args: optionalText,
  async run({ args }, session) {
    const refusal = session.refusePasswords();
    // Old clients ask for the list this way: RFC 1734 §2, before CAPA was there.
    if (args === null) return { status: "+OK", text: "mechanisms follow", lines: refusal === null ? ["PLAIN"] : [] };
    const [mechanism = "", initial] = args.split(/ +/);
    if (mechanism.toUpperCase() !== "PLAIN") return err("Mechanism not supported");
    if (refusal !== null) return refusal;
    const response = initial ?? (await session.challenge(""));
    if (response === null || response === "*") return err("Authentication cancelled");
    const credentials = readSaslPlain(response);
    if (credentials === null) return err("Malformed SASL PLAIN response");
    return signIn(session, credentials.username, credentials.password);
  },
});
