import type { MailboxList } from "../../actors/account/requests.ts";
import type { ResponseBuffer } from "./wire/print/response-buffer.ts";

/** `* QUOTA "" (STORAGE used limit)`, in units of 1,024 octets (RFC 9208 §5.1); an empty list where there is no limit. */
export function writeQuota(out: ResponseBuffer, { quota, used }: MailboxList): void {
  out.ascii('* QUOTA "" (');
  if (quota > 0) out.ascii(`STORAGE ${Math.ceil(used / 1024)} ${Math.floor(quota / 1024)}`);
  out.ascii(")").crlf();
}
