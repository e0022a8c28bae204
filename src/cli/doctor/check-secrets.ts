import { statSync } from "node:fs";
import type { Config } from "../../operation/config.ts";
import { exposedBackup, exposedData } from "../../operation/private-files.ts";
import { type Finding, ok, warning } from "./finding.ts";

/**
 * What others on this machine can read, and should not: mail, root token, key, the configuration where it has secrets
 * in it, and the backup where one is named. `file`: the configuration's; null: there is none.
 */
export function checkSecrets(config: Config, file: string | null, backup: string | null): Finding[] {
  const findings = [
    ...exposedData(config.data).map((path) => told(path, "hold mail, or a key to it")),
    ...(file !== null && holdsSecrets(config) && isOpen(file)
      ? [told(file, "hold a token, or a database's password")]
      : []),
    ...(config.tls.key !== null && isOpen(config.tls.key, 0o007)
      ? [told(config.tls.key, "be the certificate's key")]
      : []),
    ...(backup === null ? [] : exposedBackup(backup).map((path) => told(path, "hold all mail and password hashes"))),
  ];
  return findings.length > 0 ? findings : [ok("secrets", "nobody else on this machine can read them")];
}

function told(path: string, what: string): Finding {
  return warning("secrets", `other users can read ${path}, which may ${what}`, `chmod go-rwx ${path}`);
}

/** In the file or from the environment: which of them cannot be told from the configuration any more. */
function holdsSecrets({ http, mongodb, redis }: Config): boolean {
  return http.token !== null || [mongodb.url, redis.url].some((url) => url !== null && /:\/\/[^/]*@/.test(url));
}

/** `others`: whose rights count; keys are often given to a group of servers. */
function isOpen(path: string, others = 0o077): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & others & 0o044) !== 0;
}
