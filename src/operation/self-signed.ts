import { createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";

export type CertificateRequest = {
  /** Host names and IP addresses; the first one is also the subject's common name. */
  readonly names: readonly [string, ...string[]];
  readonly organization: string;
  readonly from: Date;
  readonly until: Date;
};

/**
 * A new P-256 key and a certificate for it that it signs itself, both as PEM.
 * @see RFC 5280 §4.1 (the fields), RFC 5758 §3.2 (ecdsa-with-SHA256)
 */
export function selfSigned({ names, organization, from, until }: CertificateRequest): { key: string; cert: string } {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const algorithm = sequence(oid("1.2.840.10045.4.3.2"));
  const subject = sequence(attribute("2.5.4.10", organization), attribute("2.5.4.3", names[0]));
  const serial = randomBytes(16);
  // A serial number is a positive integer of at most 20 octets, the first of which must not be a superfluous zero.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const extensions = sequence(
    extension("2.5.29.19", false, sequence()), // basicConstraints: no authority
    extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1"))), // extKeyUsage: serverAuth
    extension("2.5.29.17", false, sequence(...names.map(alternativeName))), // subjectAltName
  );
  const body = sequence(
    tagged(0xa0, der(0x02, Buffer.of(2))), // version 3
    der(0x02, serial),
    algorithm,
    subject,
    sequence(time(from), time(until)),
    subject,
    publicKey,
    tagged(0xa3, extensions),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }) as string, cert: pem(certificate) };
}

/** One DER element: tag, length, content (X.690 §8.1, §10.1). */
function der(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const sizes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...sizes), content]);
}
function sequence(...parts: Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}
function tagged(tag: number, content: Uint8Array): Buffer {
  return der(tag, content);
}
/** X.690 §8.19: the first two arcs share an octet, the others are in base 128. */
function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split(".").map(Number) as [number, number, ...number[]];
  const octets = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    octets.push(...digits);
  }
  return der(0x06, Buffer.from(octets));
}
function attribute(type: string, value: string): Buffer {
  return der(0x31, sequence(oid(type), der(0x0c, Buffer.from(value, "utf8"))));
}
function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.of(0xff))] : []), der(0x04, value));
}
/** RFC 5280 §4.2.1.6: dNSName [2], iPAddress [7]. */
function alternativeName(name: string): Buffer {
  if (isIPv4(name)) return der(0x87, Buffer.from(name.split(".").map(Number)));
  if (name === "::1") return der(0x87, Buffer.from("00000000000000000000000000000001", "hex"));
  if (isIPv6(name)) throw new Error(`Cannot put ${name} into a certificate: of IPv6 addresses only ::1 is known here`);
  return der(0x82, Buffer.from(name, "ascii"));
}
/** RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from then on. */
function time(date: Date): Buffer {
  const digits = `${date.toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}
function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
