import type { SMTPServerAddress } from "smtp-server";
import { command } from "../command.ts";
import type { LmtpSession } from "../lmtp-connection.ts";
import type { LmtpServer } from "../lmtp-server.ts";
import { overloaded } from "../refusals.ts";
import { rejected } from "../rejected.ts";

/** RFC 1870, RFC 6152, RFC 6531: the extensions that LHLO offers. The library has checked their values. */
const known = new Set(["SIZE", "BODY", "SMTPUTF8"]);

/**
 * MAIL FROM: any sender will do, for the MTA in front decides whom to believe; parameters only as offered. An overloaded
 * server says so here, before it has done anything for the message.
 */
export const mail = command({
  name: "MAIL",
  rfc: ["5321 §4.1.1.2", "5321 §4.1.1.11", "1870 §6.1", "6152 §3", "6531 §3.4"],
  run({ admission, services }: LmtpServer, sender: SMTPServerAddress, session: LmtpSession): Error | null {
    const unknown = Object.keys(sender.args || {}).find((name) => !known.has(name));
    if (unknown !== undefined) return rejected(555, `5.5.4 Parameter ${unknown} is not supported`);
    session.place = admission.enter();
    if (session.place !== null) return null;
    services.metrics.refused("lmtp", "deliveries");
    return rejected(overloaded.code, overloaded.text);
  },
});
