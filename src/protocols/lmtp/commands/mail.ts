import type { SMTPServerAddress } from "smtp-server";
import { rejected } from "../rejected.ts";

/** RFC 1870, RFC 6152, RFC 6531: the extensions that LHLO offers. The library has checked their values. */
const known = new Set(["SIZE", "BODY", "SMTPUTF8"]);

/**
 * MAIL FROM: any sender will do; the MTA in front decides whom to believe.
 *
 * @see RFC 5321 §4.1.1.11 (555 for a parameter that was not offered)
 */
export function mail(sender: SMTPServerAddress): Error | null {
  for (const name of Object.keys(sender.args || {})) {
    if (!known.has(name)) return rejected(555, `5.5.4 Parameter ${name} is not supported`);
  }
  return null;
}
