import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "./config-schema.ts";
import { replaceFile } from "./durable-file.ts";
import { selfSigned } from "./self-signed.ts";

/** The certificate in use. `current` is read for each new connection, so `reload` counts from the next one on. */
export interface CertificateKeeper {
  current(): LoadedCertificate;
  /** Reads it again; throws, and goes on with the old one, when the new one is no good. */
  reload(now: Date): LoadedCertificate;
}

export type LoadedCertificate = {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** Made by Eider itself, because none is configured. */
  readonly selfSigned: boolean;
  readonly names: readonly string[];
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** Where it came from. */
  readonly file: string;
};

/**
 * The configured certificate, or a self-signed one in `data/tls`, which is made when it is missing, about to expire
 * or for another host name. Throws `CertificateError`, which says what to do.
 */
export function openCertificate(config: Pick<Config, "tls" | "data" | "hostname">, now: Date): CertificateKeeper {
  let current = load(config, now);
  return {
    current: () => current,
    reload(at) {
      current = load(config, at);
      return current;
    },
  };
}

export class CertificateError extends Error {}

/** The subject's organization in certificates made here; others in `data/tls` are left alone. */
const organization = "Eider self-signed";
const day = 86_400_000;
// Apple's systems refuse server certificates that are valid for longer.
const lifetime = 825 * day;
const renewBefore = 30 * day;

function load({ tls, data, hostname }: Pick<Config, "tls" | "data" | "hostname">, now: Date): LoadedCertificate {
  if (tls.cert !== null && tls.key !== null) return readCertificate(tls.cert, tls.key, now);
  const directory = join(data, "tls");
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  if (existsSync(cert) && existsSync(key) && !isHalfRenewed(cert, key)) {
    const found = readCertificate(cert, key, now);
    const wanted =
      found.names.includes(hostname.toLowerCase()) && found.validUntil.getTime() - now.getTime() > renewBefore;
    if (wanted || !found.selfSigned) return found;
  }
  const names = [...new Set([hostname.toLowerCase(), "localhost"])] as [string, ...string[]];
  const made = selfSigned({
    names: [...names, "127.0.0.1", "::1"],
    organization,
    // A client whose clock is a little slow takes it too.
    from: new Date(now.getTime() - day),
    until: new Date(now.getTime() + lifetime - day),
  });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  replaceFile(key, made.key);
  replaceFile(cert, made.cert);
  return readCertificate(cert, key, now);
}

/** Whether the certificate was made here and the key is another one's: a crash came between the two. */
function isHalfRenewed(certFile: string, keyFile: string): boolean {
  try {
    const cert = new X509Certificate(readFileSync(certFile));
    return cert.subject.includes(`O=${organization}`) && !cert.checkPrivateKey(createPrivateKey(readFileSync(keyFile)));
  } catch {
    // Whatever is wrong with them: reading them says it.
    return false;
  }
}

/** Reads a certificate and its key; throws `CertificateError` unless they are readable, of each other and in force. */
export function readCertificate(certFile: string, keyFile: string, now: Date): LoadedCertificate {
  const cert = readPem(certFile, "certificate");
  const key = readPem(keyFile, "private key");
  const parsed = attempt(() => new X509Certificate(cert), `${certFile} holds no certificate in PEM form`);
  const privateKey = attempt(
    () => createPrivateKey(key),
    `${keyFile} holds no private key in PEM form without a password`,
  );
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new CertificateError(
      `${keyFile} is not the key of ${certFile}: name the key that belongs to the first certificate in that file`,
    );
  }
  const [validFrom, validUntil] = [new Date(parsed.validFrom), new Date(parsed.validTo)];
  const made = parsed.subject.includes(`O=${organization}`);
  if (validUntil <= now && !made) {
    throw new CertificateError(`${certFile} expired on ${validUntil.toISOString().slice(0, 10)}: renew it`);
  }
  const names = (parsed.subjectAltName ?? "")
    .split(", ")
    .flatMap((name) => /^(?:DNS|IP Address):(.+)$/.exec(name)?.[1]?.toLowerCase() ?? []);
  return { key, cert, selfSigned: made, names, validFrom, validUntil, file: certFile };
}

function readPem(file: string, what: string): string {
  return attempt(() => readFileSync(file, "utf8"), `the ${what} ${file} cannot be read`);
}

function attempt<T>(act: () => T, complaint: string): T {
  try {
    return act();
  } catch (cause) {
    throw new CertificateError(`${complaint} (${(cause as Error).message})`, { cause });
  }
}
