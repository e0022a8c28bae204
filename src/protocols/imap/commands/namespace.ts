import { command, withAccount } from "../command.ts";

/** NAMESPACE: all of a user's mailboxes are their own. */
export const namespace = command({
  name: "NAMESPACE",
  rfc: ["2342 §5"],
  states: withAccount,
  args: {},
  run(_call, { out }) {
    out.ascii('* NAMESPACE (("" "/")) NIL NIL').crlf();
    return { status: "OK", text: "NAMESPACE completed" };
  },
});
