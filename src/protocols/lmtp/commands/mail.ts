import type { SMTPServerAddress } from "smtp-server";
import { command } from "../command.ts";
import { rejected } from "../rejected.ts";

/** RFC 1870, RFC 6152, RFC 6531: the extensions that LHLO offers. The library has checked their values. */
const known = new Set(["SIZE", "BODY", "SMTPUTF8"]);

/** MAIL FROM: any sender will do, for the MTA in front decides whom to believe; parameters only as offered. */
export const mail = command({
  name: "MAIL",
  rfc: ["5321 §4.1.1.2", "5321 §4.1.1.11", "1870 §6.1", "6152 §3", "6531 §3.4"],
  run(sender: SMTPServerAddress): Error | null {
    const unknown = Object.keys(sender.args || {}).find((name) => !known.has(name));
    return unknown === undefined ? null : rejected(555, `5.5.4 Parameter ${unknown} is not supported`);
  },
});
