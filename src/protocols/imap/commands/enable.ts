import { command } from "../command.ts";
import { capabilities } from "../wire/rules.ts";

/** ENABLE: extensions that change what the client is sent without asking. */
export const enable = command({
  name: "ENABLE",
  rfc: ["5161 §3.1", "7162 §3.1, §3.2.3", "6855 §3"],
  states: ["authenticated"],
  args: { names: capabilities },
  run({ args }, session) {
    const enabled: string[] = [];
    for (const name of new Set(args.names)) {
      if (name === "CONDSTORE") session.enableCondstore();
      // RFC 7162 §3.2.3: QRESYNC includes CONDSTORE.
      else if (name === "QRESYNC") {
        session.enableCondstore();
        session.qresync = true;
      } else if (name === "UTF8=ACCEPT") session.utf8 = true;
      else continue;
      enabled.push(name);
    }
    session.out.ascii(["* ENABLED", ...enabled].join(" ")).crlf();
    return { status: "OK", text: "ENABLE completed" };
  },
});
