import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { Stage } from "../../test/transcripts/stage.ts";
import type { LoginAttempt } from "../actors/directory/requests.ts";
import { type Farewell, type Security, sayAllAndListen } from "./half-closing-client.fixture.ts";
import { startRealHttp } from "./http/real-server.testing.ts";
import type { Services } from "./services.ts";

let stage: Stage;
/** Everything the server would have to wait for waits for this. */
let gate: Promise<void>;
let open: () => void = () => undefined;

function gated(
  accounts: Services["accounts"],
  directory: Services["directory"],
): Pick<Services, "accounts" | "directory"> {
  return {
    accounts: {
      ask: async (account, request) => {
        await gate;
        return accounts.ask(account, request);
      },
      watch: (account, watcher) => accounts.watch(account, watcher),
    },
    directory: new Proxy(directory, {
      get: (target, name) =>
        name !== "authenticate"
          ? Reflect.get(target, name).bind(target)
          : async (attempt: LoginAttempt) => {
              await gate;
              return target.authenticate(attempt);
            },
    }),
  };
}

beforeAll(async () => {
  stage = await Stage.open({}, ({ accounts, directory }) => gated(accounts, directory));
});
afterAll(() => stage.close());
beforeEach(() => {
  ({ promise: gate, resolve: open } = Promise.withResolvers<void>());
});

/** The server behind `port` has answered another client twice. */
async function pinged(port: number): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await (await fetch(`http://127.0.0.1:${port}/ready`)).text();
}

/** Returns when the server has taken notice of whatever the kernel had for it before. */
async function noticed(port: number): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    const other = connect(port, "127.0.0.1");
    await new Promise((resolve, reject) => other.once("connect", resolve).once("error", reject));
    const greeted = new Promise((resolve) => other.once("data", resolve));
    await greeted;
    other.destroy();
  }
}

type LineProtocol = "imap" | "pop3" | "lmtp";
const startTls: Record<LineProtocol, Security> = {
  imap: { ask: "s STARTTLS\r\n", granted: "s OK" },
  pop3: { ask: "STLS\r\n", granted: "+OK begin" },
  lmtp: { ask: "LHLO client.example\r\nSTARTTLS\r\n", granted: "220 2.0.0 Ready" },
};

const message = `Subject: half\r\n\r\n${"a line of text\r\n".repeat(40)}`;
/** What clients say from login to their last word, without a goodbye, and the answers they are owed. */
const conversations: Record<string, { protocol: LineProtocol; said: (name: string) => string; answers: RegExp[] }> = {
  "imap, one command": {
    protocol: "imap",
    said: (name) => `a LOGIN ${name} secret\r\n`,
    answers: [/^a OK/m],
  },
  "imap, several commands and a message": {
    protocol: "imap",
    said: (name) =>
      `a LOGIN ${name} secret\r\nb APPEND INBOX {${message.length}+}\r\n${message}\r\nc SELECT INBOX\r\nd FETCH 1:* BODY[]\r\n`,
    answers: [/^a OK/m, /^b OK/m, /^c OK/m, /^d OK/m],
  },
  pop3: {
    protocol: "pop3",
    said: (name) => `USER ${name}\r\nPASS secret\r\nSTAT\r\nUIDL\r\nNOOP\r\n`,
    answers: [/^\+OK 0 0\r\n\+OK[^\n]*\n\.\r\n\+OK[^\n]*\n$/m],
  },
  "lmtp, one message": {
    protocol: "lmtp",
    said: (name) => transaction(name),
    answers: [/^250 2\.1\.5/m, /^354 /m, /^250 2\.0\.0 Message stored as [^\n]*\n$/m],
  },
  "lmtp, two messages and more": {
    protocol: "lmtp",
    said: (name) => `${transaction(name)}${transaction(name)}NOOP\r\n`,
    answers: [/(^250 2\.0\.0 Message stored as [\s\S]*){2}^250 [^\n]*\n$/m],
  },
};

function transaction(name: string): string {
  return `LHLO client.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<${name}>\r\nDATA\r\n${message}.\r\n`;
}

const ways: [string, Security | "starttls", Farewell][] = [
  ["in clear text", "none", "fin"],
  ["over STARTTLS, FIN alone", "starttls", "fin"],
  ["over STARTTLS, close_notify first", "starttls", "close_notify"],
  ["over TLS, FIN alone", "fromTheStart", "fin"],
  ["over TLS, close_notify first", "fromTheStart", "close_notify"],
];

describe("a client that says all and ends its sending side hears every answer, then the end", () => {
  for (const [what, { protocol, said, answers }] of Object.entries(conversations)) {
    for (const [way, security, farewell] of ways) {
      test(`${what}, ${way}`, async () => {
        const port = await stage.port(protocol, security === "fromTheStart");
        const { name } = await stage.newUser();
        const listening = await stage.port(protocol);
        const heard = await sayAllAndListen(port, said(name), {
          security: security === "starttls" ? startTls[protocol] : security,
          farewell,
          silent: () => noticed(listening).then(open),
        });
        for (const answer of answers) expect(heard).toMatch(answer);
      });
    }
  }
});

describe("http: a client that ends its sending side behind its request has the whole answer, then the end", () => {
  const token = "X-Access-Token: the-root-token\r\n";
  const json = (body: string) => `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const ask = (line: string, rest = "\r\n") => `${line} HTTP/1.1\r\nHost: localhost\r\n${token}${rest}`;
  let http: Awaited<ReturnType<typeof startRealHttp>>;
  let port: number;
  let tlsPort: number;
  let source: string;
  beforeAll(async () => {
    open();
    http = await startRealHttp({ tlsPort: 0 }, ({ accounts, directory }) => ({ ...gated(accounts, directory) }));
    [port, tlsPort] = [false, true].map(
      (tls) => http.listening.addresses.find((address) => address.tls === tls)!.port,
    ) as [number, number];
    const { id, mailboxes } = await http.addUser("ann");
    const large = Buffer.from(`Subject: large\r\n\r\n${"a line of text\r\n".repeat(200_000)}`);
    const path = `/users/${id}/mailboxes/${mailboxes.INBOX}/messages`;
    await http.request("POST", path, large, { "content-type": "message/rfc822" });
    source = `${path}/1/message.eml`;
  });
  afterAll(() => http.close());

  for (const [way, security, farewell] of ways.filter(([, security]) => security !== "starttls")) {
    const heard = (said: string) =>
      sayAllAndListen(security === "none" ? port : tlsPort, said, {
        security: security as Security,
        farewell,
        silent: () => pinged(port).then(open),
      });

    test(`with a body, ${way}`, async () => {
      const said = ask("POST /authenticate", json('{"username":"ann","password":"ann-secret"}'));
      expect(await heard(said)).toMatch(/^HTTP\/1\.1 200 [\s\S]*"success":true/);
    });

    test(`large, ${way}`, async () => {
      const answer = await heard(ask(`GET ${source}`));
      expect(answer).toStartWith("HTTP/1.1 200 ");
      expect(answer.slice(answer.indexOf("\r\n\r\n") + 4).length).toBe(16 + 3 + 16 * 200_000 - 1);
    });

    test(`several requests, ${way}`, async () => {
      const answer = await heard(`${ask("GET /users")}${ask("GET /nothing")}${ask("GET /users")}`);
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 404", "HTTP/1.1 200"]);
    });

    test(`what is not whole is not carried out, ${way}`, async () => {
      open();
      expect(await heard("GET /users HTT")).toMatch(/^(HTTP\/1\.1 400 |$)/);
      expect(
        await heard(
          ask("POST /users", 'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"username":"bob",'),
        ),
      ).toMatch(/^(HTTP\/1\.1 400 |$)/);
      expect((await http.get("/users")).total).toBe(1);
    });
  }

  test("nothing is left of such connections", async () => {
    while (http.listening.connections() > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("a client that ends its sending side in the middle", () => {
  const unfinished: [LineProtocol, string, RegExp][] = [
    ["imap", "a NOOP\r\nb NOO", /^a OK [^\n]*\n$/m],
    ["imap", "a LOGIN {4+}\r\nde", /ready\r\n$/],
    ["imap", "a AUTHENTICATE PLAIN\r\n", /^\+ \r\n(?!a OK)/m],
    ["pop3", "CAPA\r\nQUI", /\r\n\.\r\n$/],
    ["pop3", "AUTH PLAIN\r\n", /^\+ \r\n$/m],
    ["lmtp", "LHLO client.example\r\nNOO", /^250 SIZE [^\n]*\n$/m],
    [
      "lmtp",
      "LHLO client.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<NAME>\r\nDATA\r\nhalf a mess",
      /^354 [^\n]*\n$/m,
    ],
  ];
  for (const [protocol, said, heard] of unfinished) {
    test(`${protocol}: ${JSON.stringify(said.slice(-22))} is not carried out, and the connection ends`, async () => {
      open();
      const { account, name } = await stage.newUser();
      const port = await stage.port(protocol, protocol !== "lmtp");
      const security = protocol === "lmtp" ? "none" : "fromTheStart";
      expect(await sayAllAndListen(port, said.replace("NAME", name), { security })).toMatch(heard);
      const mailboxes = await stage.services.accounts.ask(account, { kind: "mailboxes" });
      expect(mailboxes).toMatchObject({ used: 0 });
    });
  }

  test("IDLE ends with the client's last octet", async () => {
    open();
    const { name } = await stage.newUser();
    for (const security of ["none", "fromTheStart"] as const) {
      const port = await stage.port("imap", security !== "none");
      const heard = await sayAllAndListen(port, `a LOGIN ${name} secret\r\nb SELECT INBOX\r\nc IDLE\r\n`, { security });
      expect(heard).toMatch(/^b OK [^\n]*\n\+ [^\n]*\n$/m);
    }
  });

  test("nothing is left of such connections", async () => {
    for (const protocol of ["imap", "pop3", "lmtp"] as const)
      expect((await stage.listening(protocol)).connections()).toBe(0);
  });
});

test("a connection that a load balancer reports, its header and first TLS record in one packet, is answered too", async () => {
  const behind = await Stage.open({ proxyProtocolFrom: ["127.0.0.0/8"] });
  const { name } = await behind.newUser();
  for (const [protocol, said, answer] of [
    ["imap", `a LOGIN ${name} secret\r\n`, /^a OK/m],
    ["pop3", `USER ${name}\r\nPASS secret\r\n`, /\+OK[^\n]*\n\+OK[^\n]*\n\+OK/],
    ["lmtp", transaction(name), /^250 2\.0\.0 Message stored/m],
  ] as const) {
    const heard = await sayAllAndListen(await behind.port(protocol, true), said, {
      security: "fromTheStart",
      before: "PROXY TCP4 192.0.2.7 127.0.0.1 50000 993\r\n",
    });
    expect(heard).toMatch(answer);
  }
  await behind.close();
});
