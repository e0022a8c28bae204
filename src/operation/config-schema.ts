import { isIP } from "node:net";
import { z } from "zod";
import { duration, flag, integer, list, oneOf, optionalText, optionalUrl, port, size, text } from "./config-kinds.ts";

const notLoggedIn = {
  most: 100,
  what: "Connections from one address (IPv6: one /64 network) that have not logged in; four times as many from its /24 (IPv6: /48). After that they count for their user.",
};

/** Every setting of `eider.toml`. docs/configuration.md and `eider config --schema` are made from this file. */
export const configSchema = z.strictObject({
  data: text(
    "Directory of everything the server writes; made when it is missing. A relative path starts at the working directory.",
    "./data",
    "a directory",
  ),
  hostname: text(
    "Name of this server: in greetings, Message-IDs and the self-signed certificate; and the domain of user names and addresses given without one.",
    "localhost",
    "a host name",
  ),
  workers: integer("Shard workers in each process, which own the mailboxes; 0: cores - 1, at least 1.", 0, {
    min: 0,
    max: 64,
  }),
  cpu_workers: integer("Workers in each process for MIME parsing and password hashing; 0: cores - 1, at least 1.", 0, {
    min: 0,
    max: 64,
  }),
  processes: integer("Front-end processes that share the ports; more than 1 needs the MongoDB store.", 1, {
    min: 1,
    max: 64,
  }),

  store: section("Where mail is kept.", {
    kind: oneOf(
      "`embedded`: SQLite files in `data`. `mongodb`: MongoDB with Redis, for any number of nodes.",
      ["embedded", "mongodb"],
      "embedded",
    ),
  }),
  mongodb: section('The database, for `[store] kind = "mongodb"`: a replica set or a sharded cluster.', {
    url: optionalUrl("Connection string.", ["mongodb", "mongodb+srv"]),
    database: text("Name of the database.", "eider", "a database name"),
  }),
  redis: section('Announcements between nodes, sessions, rate limits; for `[store] kind = "mongodb"`.', {
    url: optionalUrl("Connection string; `rediss://` for TLS.", ["redis", "rediss"]),
    prefix: optionalText(
      "Begins the name of every key and channel, so that several deployments can share one Redis; the same on all nodes. Without it they are `session:sess_…`, `log:…` and so on.",
      'a text such as "eider1:"',
    ),
  }),

  imap: section("IMAP.", {
    ...listener("IMAP", 1143, 1993, "with STARTTLS", notLoggedIn),
    ...logins(50),
  }),
  pop3: section("POP3.", {
    ...listener("POP3", 1110, 1995, "with STLS", notLoggedIn),
    ...logins(15),
  }),
  lmtp: section(
    "LMTP: where the MTA delivers. It asks for no password, so let only the MTA reach it.",
    listener("LMTP", 2424, false, "with STARTTLS", {
      most: 1000,
      what: "Connections from one address (IPv6: one /64 network) for which no recipient has been accepted yet; four times as many from its /24 (IPv6: /48). An MTA is one address with many connections.",
    }),
  ),
  http: section("HTTP API, health and metrics.", {
    host: host("HTTP"),
    port: port("Clear-text port.", 8080),
    tls_port: port("TLS port.", false),
    token: optionalText(
      "The root access token. When it is missing one is made in the file `token` of `data`, readable by its owner only.",
      "a secret of at least 16 characters",
      { secret: true, min: 16 },
    ),
    max_requests: integer("Requests being answered at one time; further ones are told to try again.", 1000, {
      min: 1,
      max: 100_000,
    }),
    max_requests_per_address: integer(
      "Of these, from one address (IPv6: one /64 network) before it is known who asks; further ones get 429.",
      200,
      { min: 1, max: 100_000 },
    ),
    max_requests_per_user: integer("Of these, with the tokens of one user; further ones get 429.", 100, {
      min: 1,
      max: 100_000,
    }),
    cors: list(
      "Origins whose pages may call the API from a browser; `*`: any. Tokens are never cookies, so this gives nobody a right.",
      z.string().refine((origin) => origin === "*" || isOrigin(origin)),
      'a list of origins such as ["https://webmail.example.com"], or ["*"]',
      ["*"],
    ),
    trusted_proxies: list(
      "Reverse proxies whose X-Forwarded-For is believed.",
      z.string().refine(isAddressBlock),
      'a list of addresses or CIDR blocks such as ["10.0.0.5", "192.168.0.0/16"]',
    ),
    open_metrics: flag(
      "Answer GET /metrics from loopback addresses without a token, if its Host is one of this machine and no web page asks.",
      true,
    ),
  }),

  limits: section("What one client, user or process may use.", {
    message_size: size("Largest message that is taken.", "64M", { min: 1024, max: 1024 ** 3 }),
    line_length: size("Longest command line, without its literals.", "64K", { min: 1024, max: 16 * 1024 ** 2 }),
    queue: integer("Requests that may wait for one mailbox; further ones are told to try again.", 1000, {
      min: 1,
      max: 1_000_000,
    }),
    deliveries: integer(
      "Messages that may be on their way into mailboxes at one time; further ones are told to try again before they are sent, and fewer are let in while that goes on.",
      250,
      { min: 1, max: 100_000 },
    ),
    changes: integer(
      "Changes of all mailboxes together that may be under way at one time; further ones are told to try again.",
      2000,
      { min: 1, max: 1_000_000 },
    ),
    database_wait: duration(
      "How long a change is tried while the database does not answer; then the client is told to try again. An election of MongoDB takes about ten seconds.",
      "8s",
      { min: "0s", max: "10m" },
    ),
    memory: size("Memory of all shard workers together for mailboxes kept ready.", "1G", { min: 16 * 1024 ** 2 }),
    retention: duration("How long an expunged message or a deleted mailbox can be restored.", "14d", {
      min: "0s",
      max: "3650d",
    }),
    log_retention: duration(
      "How long an account's log goes back: to any point in it an account can be restored.",
      "14d",
      {
        min: "1h",
        max: "3650d",
      },
    ),
    quota: size("Quota of a new user for whom none is given; 0: none.", "10G", { min: 0 }),
    mailbox_messages: integer("Messages that a mailbox may hold; of copies, each.", 1_000_000, {
      min: 1,
      max: 10_000_000,
    }),
    account_messages: integer(
      "Messages that all mailboxes of an account may hold together, and that may be kept to be restored: about 80 bytes of memory each. `memory` may allow fewer.",
      4_000_000,
      { min: 1, max: 40_000_000 },
    ),
    login_failures_per_user: integer(
      "Failed logins with one user name from one address (IPv6: one /64 network) within `login_window`; then that name must wait there.",
      20,
      { min: 1, max: 1_000_000 },
    ),
    login_failures_per_user_anywhere: integer(
      "Failed logins with one user name from all addresses together; then it must wait wherever it has not logged in for 30 days.",
      200,
      { min: 1, max: 1_000_000 },
    ),
    login_failures_per_address: integer(
      "Failed logins, and wrong access tokens, from one address (IPv6: one /64 network) within `login_window`; then names that have not logged in from there for 30 days must wait.",
      100,
      { min: 1, max: 1_000_000 },
    ),
    trusted_networks: list(
      "Addresses that many clients share, such as a proxy without the PROXY protocol or a webmail: they have no limit of their own on failed logins and on connections.",
      z.string().refine(isAddressBlock),
      'a list of addresses or CIDR blocks such as ["10.0.0.5", "192.168.0.0/16"]',
      ["127.0.0.0/8", "::1"],
    ),
    login_window: duration("How long failed logins count.", "10m", { min: "1s", max: "30d" }),
  }),
  tls: section(
    "Certificate for every TLS port and STARTTLS. With none, a self-signed one is made in `tls` of `data`. SIGHUP reads it again.",
    {
      cert: optionalText("PEM file: the certificate, followed by those that vouch for it.", "a file name"),
      key: optionalText("PEM file: its private key.", "a file name"),
    },
  ),
  log: section("The log goes to standard output: readable text on a terminal, JSON lines in a pipe.", {
    level: oneOf(
      "The least important lines that are written. SIGHUP reads it again.",
      ["debug", "info", "warn", "error", "silent"],
      "info",
    ),
  }),
});

export type Config = z.output<typeof configSchema>;
export type SectionName = { [K in keyof Config]: Config[K] extends object | null ? K : never }[keyof Config];

function section<T extends z.ZodRawShape>(description: string, shape: T) {
  return z.strictObject(shape).meta({ description });
}

function host(protocol: string) {
  return text(`Address ${protocol} listens on; \`0.0.0.0\` or \`::\` for all.`, "127.0.0.1", "an address or host name");
}

function listener(
  protocol: string,
  clear: number,
  tls: number | false,
  upgrade: string,
  unknown: { readonly most: number; readonly what: string },
) {
  return {
    host: host(protocol),
    port: port(`Clear-text port, ${upgrade}.`, clear),
    tls_port: port("Port with TLS from the first byte.", tls),
    max_connections: integer(
      "Connections in all. For a further one the oldest gives way of those that have not shown whose they are; where there is none, it is told so and closed.",
      10_000,
      { min: 1, max: 1_000_000 },
    ),
    max_unauthenticated_per_address: integer(unknown.what, unknown.most, { min: 1, max: 1_000_000 }),
    proxy_protocol: list(
      "Load balancers whose PROXY protocol header (v1, v2) is believed, and must be there; other connections speak for themselves.",
      z.string().refine(isAddressBlock),
      'a list of addresses or CIDR blocks such as ["10.0.0.5", "192.168.0.0/16"]',
    ),
  };
}

function logins(connectionsPerUser: number) {
  return {
    max_connections_per_user: integer("Connections of one user, over all nodes.", connectionsPerUser, {
      min: 1,
      max: 1_000_000,
    }),
    allow_plaintext: flag("Take passwords over clear text from any address; otherwise only from loopback.", false),
  };
}

function isOrigin(written: string): boolean {
  return URL.canParse(written) && new URL(written).origin === written;
}

function isAddressBlock(written: string): boolean {
  const [address, bits, rest] = written.split("/");
  const family = isIP(address ?? "");
  if (family === 0 || rest !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
