import { existsSync } from "node:fs";
import { join } from "node:path";
import { CertificateError, readCertificate } from "../../operation/certificate.ts";
import type { Config } from "../../operation/config.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";

const day = 86_400_000;

/** Whether the certificate can serve, for how long, and for this host name. Makes none. */
export function checkCertificate({ tls, data, hostname }: Config, now: Date): Finding {
  const cert = tls.cert ?? join(data, "tls", "cert.pem");
  const key = tls.key ?? join(data, "tls", "key.pem");
  if (tls.cert === null && !existsSync(cert))
    return ok("certificate", "none is configured: a self-signed one is made at the first start");
  try {
    const { validUntil, names, selfSigned } = readCertificate(cert, key, now);
    const days = Math.floor((validUntil.getTime() - now.getTime()) / day);
    const until = `until ${validUntil.toISOString().slice(0, 10)}`;
    if (selfSigned) return ok("certificate", `self-signed, ${until}; clients will ask whether to trust it`);
    if (days < 14)
      return warning("certificate", `${cert} is valid for ${days} more days`, "renew it, then send the server SIGHUP");
    if (!names.some((name) => covers(name, hostname.toLowerCase()))) {
      return warning(
        "certificate",
        `${cert} is for ${names.join(", ")}, not for ${hostname}`,
        "set hostname, or get a certificate for it",
      );
    }
    return ok("certificate", `for ${names.join(", ")}, ${until}`);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return failure("certificate", error.message, "the server does not start until this is mended");
  }
}

/** RFC 6125 §6.4.3: `*.example.com` stands for one label. */
function covers(name: string, hostname: string): boolean {
  return name === hostname || (name.startsWith("*.") && hostname.slice(hostname.indexOf(".")) === name.slice(1));
}
