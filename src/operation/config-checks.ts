import { isIP } from "node:net";
import type { Config } from "./config-schema.ts";

/** What settings say together that they must not. `about`: the names it concerns, the one to change first. */
export type Finding = { readonly about: readonly string[]; readonly text: string };

/** Impossible combinations (errors) and doubtful ones (warnings). `given`: the settings that are not left at default. */
export function contradictions(config: Config, given: ReadonlySet<string>): { errors: Finding[]; warnings: Finding[] } {
  return {
    errors: [...storeErrors(config), ...portErrors(config), ...tlsErrors(config), ...hostnameErrors(config)],
    warnings: [...storeWarnings(config, given), ...exposureWarnings(config)],
  };
}

/** Whether only this machine can reach an address to listen on. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function storeErrors({ store, mongodb, redis, processes }: Config): Finding[] {
  const findings: Finding[] = [];
  if (store.kind === "mongodb" && mongodb.url === null) {
    findings.push({
      about: ["mongodb.url", "store.kind"],
      text: 'the store kind "mongodb" needs it: mongodb://host:27017/',
    });
  }
  if (store.kind === "mongodb" && redis.url === null) {
    findings.push({ about: ["redis.url", "store.kind"], text: 'the store kind "mongodb" needs it: redis://host:6379' });
  }
  if (store.kind === "embedded" && processes > 1) {
    findings.push({
      about: ["processes"],
      text: `the embedded store belongs to one process; found ${processes}. Set it to 1, or use [store] kind = "mongodb"`,
    });
  }
  return findings;
}

type Endpoint = { name: string; host: string; port: number };

function endpoints(config: Config): Endpoint[] {
  return (["imap", "pop3", "lmtp", "http"] as const).flatMap((protocol) =>
    (["port", "tls_port"] as const).flatMap((key) => {
      const port = config[protocol][key];
      return port === null ? [] : [{ name: `${protocol}.${key}`, host: config[protocol].host, port }];
    }),
  );
}

function portErrors(config: Config): Finding[] {
  const all = endpoints(config);
  const findings: Finding[] = [];
  for (const [index, one] of all.entries()) {
    const other = all
      .slice(0, index)
      .find((earlier) => one.port !== 0 && earlier.port === one.port && overlap(earlier.host, one.host));
    if (other)
      findings.push({
        about: [one.name, other.name],
        text: `port ${one.port} is already that of ${other.name}; give one of them another`,
      });
    if (one.port === 0 && config.processes > 1) {
      findings.push({
        about: [one.name, "processes"],
        text: `${config.processes} processes cannot share a port that each would choose; give it a number`,
      });
    }
  }
  return findings;
}

function overlap(one: string, other: string): boolean {
  const wildcard = (host: string) => host === "0.0.0.0" || host === "::";
  return one === other || wildcard(one) || wildcard(other);
}

function tlsErrors({ tls }: Config): Finding[] {
  if ((tls.cert === null) === (tls.key === null)) return [];
  const [missing, there] = tls.key === null ? ["tls.key", "tls.cert"] : ["tls.cert", "tls.key"];
  return [
    { about: [missing!, there!], text: `is missing; a certificate and its key belong together, and ${there} is set` },
  ];
}

// RFC 1123 §2.1: letters, digits and hyphens in labels of up to 63 octets.
const hostnameShape = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

function hostnameErrors({ hostname }: Config): Finding[] {
  if (hostnameShape.test(hostname)) return [];
  return [
    { about: ["hostname"], text: `expected a host name such as mail.example.com; found ${JSON.stringify(hostname)}` },
  ];
}

function storeWarnings({ store, http }: Config, given: ReadonlySet<string>): Finding[] {
  if (store.kind === "embedded") {
    return ["mongodb.url", "redis.url", "redis.prefix"]
      .filter((name) => given.has(name))
      .map((name) => ({
        about: [name],
        text: 'has no effect on the embedded store; [store] kind = "mongodb" would use it',
      }));
  }
  if (http.token !== null) return [];
  return [
    {
      about: ["http.token", "store.kind"],
      text: "is not set, so each node makes a token of its own; set the same one on all nodes",
    },
  ];
}

function exposureWarnings(config: Config): Finding[] {
  const findings: Finding[] = [];
  for (const protocol of ["imap", "pop3"] as const) {
    const { allow_plaintext, host, port } = config[protocol];
    if (allow_plaintext && port !== null && !isLoopback(host)) {
      findings.push({
        about: [`${protocol}.allow_plaintext`],
        text: `passwords may cross the network unencrypted, as ${protocol} listens on ${host}; leave it false unless something before it encrypts`,
      });
    }
  }
  const { lmtp, http } = config;
  if (!isLoopback(lmtp.host) && (lmtp.port !== null || lmtp.tls_port !== null)) {
    findings.push({
      about: ["lmtp.host"],
      text: `whoever reaches ${lmtp.host} can deliver mail; let only the MTA reach it`,
    });
  }
  if (!isLoopback(http.host) && http.port !== null) {
    findings.push({
      about: ["http.host"],
      text: `access tokens may cross the network unencrypted on ${http.host}; prefer http.tls_port or a proxy with TLS before it`,
    });
  }
  return findings;
}
