import type { SMTPServerAddress } from "smtp-server";
import { command } from "../command.ts";
import type { LmtpSession } from "../lmtp-connection.ts";
import type { LmtpServer } from "../lmtp-server.ts";
import { lmtpRefusals } from "../refusals.ts";
import { rejected } from "../rejected.ts";

const mostRecipients = 1000; // ten times what RFC 5321 §4.5.3.1.8 asks for

/**
 * RCPT TO: finds the account. What is known to fail later is refused here, where the MTA can still tell its sender
 * which recipient it was.
 */
export const rcpt = command({
  name: "RCPT",
  rfc: ["2033 §4.2", "5321 §4.1.1.3", "5321 §4.1.1.11", "3463 §3"],
  run: accept,
});

async function accept(server: LmtpServer, address: SMTPServerAddress, session: LmtpSession): Promise<Error | null> {
  const { admission, services } = server;
  const [unknown] = Object.keys(address.args || {});
  if (unknown !== undefined) return rejected(555, `5.5.4 Parameter ${unknown} is not supported`);
  if (session.recipients.length >= mostRecipients) return rejected(452, "4.5.3 Too many recipients");
  const found = await services.directory.resolve(address.address);
  if (!found.ok) {
    const { code, text } = found.why === "noSuchUser" ? lmtpRefusals.noSuchAccount : lmtpRefusals.unavailable;
    return rejected(code, text);
  }
  if (found.disabled) return rejected(lmtpRefusals.accountDisabled.code, lmtpRefusals.accountDisabled.text);
  const sender = session.envelope.mailFrom;
  const args = sender === false ? false : sender.args;
  const announced = args ? Number(args.SIZE ?? 0) : 0;
  if (found.quota > 0 && announced > found.quota) {
    return rejected(lmtpRefusals.overQuota.code, lmtpRefusals.overQuota.text);
  }
  const { place } = session;
  if (place !== null && !place.accounts.includes(found.account) && !admission.allots(place, found.account)) {
    services.metrics.refused("lmtp", "account");
    return rejected(lmtpRefusals.busy.code, lmtpRefusals.busy.text);
  }
  session.recipients.push({ account: found.account, address: address.address });
  return null;
}
