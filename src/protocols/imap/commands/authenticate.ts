import { plainMessage } from "../../sasl-plain.ts";
import { command } from "../command.ts";
import { signIn } from "../sign-in.ts";
import { authenticateRequest, authenticationLine } from "../wire/rules.ts";

/** AUTHENTICATE PLAIN, with or without an initial response. */
export const authenticate = command({
  name: "AUTHENTICATE",
  rfc: ["3501 §6.2.2", "4959 (SASL-IR)", "4616 (PLAIN)"],
  states: ["notAuthenticated"],
  args: { request: authenticateRequest },
  async run({ args: { request } }, session) {
    if (request.mechanism !== "PLAIN") return { status: "NO", text: "Only PLAIN is supported" };
    if (!session.passwordsAllowed) {
      return { status: "NO", code: "PRIVACYREQUIRED", text: "Not over clear text: use STARTTLS first" };
    }
    let response = request.initial;
    if (response === null) {
      session.out.ascii("+ ").crlf();
      session.out.flush();
      const line = await session.nextLine();
      const answer = line === null ? "cancel" : authenticationLine(line);
      if (answer === "cancel") return { status: "BAD", text: "AUTHENTICATE cancelled" };
      if (answer === null) return { status: "BAD", text: "AUTHENTICATE: expected base64" };
      response = answer;
    }
    const credentials = plainMessage(response);
    if (credentials === null) return { status: "BAD", text: "AUTHENTICATE: not a PLAIN message" };
    const { actingAs, username, password } = credentials;
    if (actingAs !== "" && actingAs !== username) {
      return { status: "NO", code: "AUTHORIZATIONFAILED", text: "Acting for another user is not supported" };
    }
    return signIn(session, username, password);
  },
});
