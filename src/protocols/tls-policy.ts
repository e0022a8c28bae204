type Certificate = { readonly key: string; readonly cert: string };

/**
 * What every listener takes, from the first octet or after STARTTLS: TLS 1.2 or later (RFC 8996 ends the versions
 * before it), and of TLS 1.2 only ciphers with forward secrecy and authenticated encryption (RFC 9325 §4.2). Those of
 * TLS 1.3 are all like that, and cannot be chosen.
 *
 * One policy in two spellings, for Bun takes the version as a number where node:tls takes it as a name.
 */
const version = { name: "TLSv1.2", number: 0x0303 } as const;
const ciphers = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** The policy with a certificate, for `Bun.listen` and `upgradeTLS`. */
export function tlsForBun({ key, cert }: Certificate): Certificate & { minVersion: number; ciphers: string } {
  return { key, cert, minVersion: version.number, ciphers };
}

/** The policy with a certificate, for node:tls and what is built on it. */
export function tlsForNode({ key, cert }: Certificate): Certificate & { minVersion: "TLSv1.2"; ciphers: string } {
  return { key, cert, minVersion: version.name, ciphers };
}
