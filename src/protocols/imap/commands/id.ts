import { anyState, command } from "../command.ts";
import { idRequest } from "../wire/rules.ts";

/** ID: who talks to whom. The client's name and version are shown to the operator beside the session. */
export const id = command({
  name: "ID",
  rfc: ["2971 §3.1"],
  states: anyState,
  args: { pairs: idRequest },
  run({ args }, session) {
    const client = clientName(args.pairs ?? []);
    if (client !== "") {
      session.client = client;
      session.user?.record.update({ client });
    }
    const { out, server } = session;
    out.ascii('* ID ("name" "Eider" "version" ').string(server.services.version).ascii(")").crlf();
    return { status: "OK", text: "ID completed" };
  },
});

/** `name version (vendor)` of what the client gave, cut to a line. */
function clientName(pairs: readonly (readonly [string, string | null])[]): string {
  const fields = new Map(pairs.map(([field, value]) => [field.toLowerCase(), value]));
  const name = [fields.get("name"), fields.get("version")].filter(Boolean).join(" ");
  const vendor = fields.get("vendor");
  const text = `${name}${vendor ? ` (${vendor})` : ""}`;
  return text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, 128); // no control characters: it is shown on terminals
}
