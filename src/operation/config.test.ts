import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigProblems, type LoadedConfig, loadConfig } from "./config.ts";
import { configTemplate } from "./config-document.ts";
import { httpOptions, listenerOptions } from "./listener-options.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "eider-config-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const load = (toml: string | null, env: Record<string, string> = {}) => {
  if (toml !== null) writeFileSync(join(cwd, "eider.toml"), toml);
  return loadConfig({ env, cwd });
};
const loaded = (toml: string | null, env: Record<string, string> = {}) => {
  const result = load(toml, env);
  expect((result as ConfigProblems).problems).toBeUndefined();
  return result as LoadedConfig;
};
const problems = (toml: string | null, env: Record<string, string> = {}) =>
  (load(toml, env) as ConfigProblems).problems;

describe("loadConfig", () => {
  test("needs no file and listens on loopback only", () => {
    const { config, file, warnings } = loaded(null);
    expect(file).toBeNull();
    expect(warnings).toEqual([]);
    expect(config.data).toBe(join(cwd, "data"));
    expect(
      [config.imap, config.pop3, config.lmtp, config.http].map(({ host, port, tls_port }) => [host, port, tls_port]),
    ).toEqual([
      ["127.0.0.1", 1143, 1993],
      ["127.0.0.1", 1110, 1995],
      ["127.0.0.1", 2424, null],
      ["127.0.0.1", 8080, null],
    ]);
    expect(config.limits.message_size).toBe(64 * 1024 * 1024);
  });

  test("environment beats file, file beats default", () => {
    const { config, origins } = loaded("[imap]\nport = 143\ntls_port = 993\n", {
      EIDER_IMAP_PORT: "144",
      EIDER_DATA: "/var/lib/eider",
    });
    expect([config.imap.port, config.imap.tls_port, config.pop3.port]).toEqual([144, 993, 1110]);
    expect(config.data).toBe("/var/lib/eider");
    expect(origins.get("imap.port")).toBe("EIDER_IMAP_PORT");
    expect(origins.get("imap.tls_port")).toBe("eider.toml:3");
  });

  test("reads every kind of value from the environment", () => {
    const { config } = loaded(null, {
      EIDER_IMAP_ALLOW_PLAINTEXT: "true",
      EIDER_IMAP_TLS_PORT: "false",
      EIDER_IMAP_PROXY_PROTOCOL: "10.0.0.1, 2001:db8::/32",
      EIDER_LIMITS_MESSAGE_SIZE: "1.5M",
      EIDER_LIMITS_LOGIN_WINDOW: "90s",
      EIDER_LIMITS_QUEUE: "5",
      EIDER_STORE_KIND: "",
    });
    expect(config.imap).toMatchObject({
      allow_plaintext: true,
      tls_port: null,
      proxy_protocol: ["10.0.0.1", "2001:db8::/32"],
    });
    expect(config.limits).toMatchObject({ message_size: 1.5 * 1024 * 1024, login_window: 90_000, queue: 5 });
  });

  test("names file and line, what was found and what would be right, for all problems at once", () => {
    expect(
      problems('data = "x"\nworkers = "two"\n\n[imap]\nport = 99999\nprox = []\n[limits]\nmessage_size = "lots"\n'),
    ).toEqual([
      'eider.toml:6: unknown key "prox" in [imap]; `eider config --schema` lists all',
      'eider.toml:2: workers: expected a whole number from 0 to 64; found "two"',
      "eider.toml:5: imap.port: expected a port number (0: any free one), or false (not listening); found 99999",
      'eider.toml:8: limits.message_size: expected a size such as 4096, "64K", "64M" or "5G", from 1K to 1G; found "lots"',
    ]);
  });

  test("names the variable", () => {
    expect(
      problems(null, {
        EIDER_IMAP_PORT: "tcp://10.0.0.1:143",
        EIDER_IMPA_PORT: "1",
        EIDER_POP3_ALLOW_PLAINTEXT: "yes",
      }),
    ).toEqual([
      "EIDER_IMPA_PORT: unknown variable; did you mean EIDER_IMAP_PORT?",
      'EIDER_IMAP_PORT: imap.port: expected a port number (0: any free one), or false (not listening); found "tcp://10.0.0.1:143"',
      'EIDER_POP3_ALLOW_PLAINTEXT: pop3.allow_plaintext: expected true or false; found "yes"',
    ]);
  });

  test("suggests the key that was meant", () => {
    expect(problems('hostnam = "x"')).toEqual(['eider.toml:1: unknown key "hostnam"; did you mean hostname?']);
    expect(problems("imap = 3")).toEqual(["eider.toml:1: imap: expected a section, [imap]; found 3"]);
  });

  test("does not take what Kubernetes adds for settings", () => {
    loaded(null, {
      EIDER_SERVICE_HOST: "10.0.0.1",
      EIDER_PORT: "tcp://x",
      EIDER_PORT_8080_TCP: "x",
      EIDER_IMAP_SERVICE_PORT: "143",
    });
  });

  test("says where a file is not TOML", () => {
    expect(problems("[imap]\nport = = 3\n")[0]).toMatch(/^eider\.toml:2: not TOML: .+ \(column \d+\)$/);
  });

  test("a file that was named must be there", () => {
    expect(loadConfig({ file: "other.toml", env: {}, cwd })).toEqual({
      ok: false,
      problems: ["other.toml: cannot be read: there is no such file"],
    });
  });

  test("never shows a secret", () => {
    expect(problems('[http]\ntoken = "short"\n')).toEqual([
      "eider.toml:2: http.token: expected a secret of at least 16 characters; found something else",
    ]);
    expect(problems('[mongodb]\nurl = "mysql://u:hunter2@x"\n')[0]).not.toContain("hunter2");
  });

  test.each([
    ['[store]\nkind = "mongodb"\n[redis]\nurl = "redis://r"\n', /^eider\.toml:2: mongodb\.url: .*needs it/],
    [
      '[store]\nkind = "mongodb"\n[mongodb]\nurl = "mongodb://a:1,b:2/?replicaSet=x"\n',
      /^eider\.toml:2: redis\.url: .*needs it/,
    ],
    ["processes = 2", /^eider\.toml:1: processes: the embedded store belongs to one process/],
    ["[imap]\nport = 1110\n", /^eider\.toml:2: pop3\.port: port 1110 is already that of imap\.port/],
    ['[tls]\ncert = "a.pem"\n', /^eider\.toml:2: tls\.key: is missing/],
    ['[tls]\nkey = "a.pem"\n', /^eider\.toml:2: tls\.cert: is missing/],
    ['hostname = "a b"', /^eider\.toml:1: hostname: expected a host name/],
    [
      '[imap]\nproxy_protocol = ["10.0.0.0/33"]\n',
      /^eider\.toml:2: imap\.proxy_protocol: expected a list of addresses/,
    ],
  ])("refuses %j", (toml, message) => {
    expect(problems(toml)).toHaveLength(1);
    expect(problems(toml)[0]).toMatch(message);
  });

  test("one port on two addresses is no conflict, on all addresses it is", () => {
    loaded('[imap]\nhost = "127.0.0.2"\nport = 1110\n');
    expect(problems('[imap]\nhost = "0.0.0.0"\nport = 1110\n')).toHaveLength(1);
    loaded("[imap]\nport = 0\n[pop3]\nport = 0\n");
  });

  test("warns of passwords and tokens in clear text on public addresses", () => {
    const { warnings } = loaded(
      '[imap]\nhost = "0.0.0.0"\nallow_plaintext = true\n[pop3]\nallow_plaintext = true\n[http]\nhost = "::"\n',
    );
    expect(warnings.map((line) => line.split(": ").slice(0, 2).join(" "))).toEqual([
      "eider.toml:3 imap.allow_plaintext",
      "eider.toml:7 http.host",
    ]);
  });

  test("takes the file of all defaults that it prints itself", () => {
    const { config } = loaded(null);
    expect(loaded(configTemplate()).config).toEqual(config);
  });
});

test("listenerOptions gives a listener its own section and the common limits", () => {
  const { config } = loaded("[imap]\nport = 0\nmax_connections_per_user = 3\n[limits]\nline_length = 2048\n");
  expect(listenerOptions(config, "imap")).toEqual({
    host: "127.0.0.1",
    port: 0,
    tlsPort: 1993,
    allowPlaintext: false,
    maxConnectionsPerUser: 3,
    maxNewcomersPerAddress: 100,
    trustedNetworks: ["127.0.0.0/8", "::1"],
    maxConnections: 10_000,
    proxyProtocolFrom: [],
    lineLength: 2048,
    messageSize: 64 * 1024 * 1024,
    reusePort: false,
  });
});

test("httpOptions takes the token that is in force, and any origin for *", () => {
  const { config } = loaded(null, { EIDER_HTTP_CORS: "https://a.example.com,https://b.example.com:8443" });
  expect(httpOptions(config, "t".repeat(40))).toMatchObject({
    port: 8080,
    tlsPort: null,
    token: "t".repeat(40),
    corsOrigins: ["https://a.example.com", "https://b.example.com:8443"],
    openMetricsOnLoopback: true,
  });
  expect(httpOptions(loaded(null).config, "t").corsOrigins).toBe("*");
  expect(problems(null, { EIDER_HTTP_CORS: "a.example.com" })[0]).toMatch(
    /^EIDER_HTTP_CORS: http\.cors: expected a list of origins/,
  );
});
