import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { startTestServices } from "../../../test/services.ts";
import type { AccountRequestKind, Outcome } from "../../actors/account/requests.ts";
import type { LoginAttempt, LoginResult } from "../../actors/directory/requests.ts";
import type { Clock } from "../../actors/runtime/clock.ts";
import { SessionService } from "../../actors/sessions/session-service.ts";
import type { AccountId, RequestId } from "../../domain/ids.ts";
import { LocalHints } from "../../store/local/hints.ts";
import { RawClient } from "../raw-client.fixture.ts";
import type { ListenerOptions, Listening, Services } from "../services.ts";
import { startPop3 } from "./start-pop3.ts";

const options: ListenerOptions = {
  host: "127.0.0.1",
  port: 0,
  tlsPort: 0,
  allowPlaintext: false,
  maxConnectionsPerUser: 3,
  maxNewcomersPerAddress: 10_000,
  trustedNetworks: [],
  maxConnections: 100,
  proxyProtocolFrom: [],
  lineLength: 65536,
  messageSize: 64 * 1024 * 1024,
  reusePort: false,
};

let real: Awaited<ReturnType<typeof startTestServices>>;
let services: Services;
let pop3: Listening;
let clients: RawClient[] = [];
let account: AccountId;
let users = 0;
let user = "";
/** Answers in the place of the account's, by kind of request. */
const instead = new Map<AccountRequestKind, () => Promise<unknown>>();
/** An answer in the place of the directory's. */
let loginInstead: (() => Promise<LoginResult>) | null = null;
/** Time is moved by hand, and what waits for it runs when told. */
let now = Date.now();
let timers: (() => void)[] = [];
function runTimers(): void {
  for (const run of timers.splice(0)) run();
}

beforeAll(async () => {
  real = await startTestServices();
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after(_ms, run) {
      timers.push(run);
      return () => {
        timers = timers.filter((one) => one !== run);
      };
    },
  };
  services = {
    ...real.services,
    directory: new Proxy(real.services.directory, {
      get: (target, name) =>
        name === "authenticate"
          ? (attempt: LoginAttempt) => loginInstead?.() ?? target.authenticate(attempt)
          : Reflect.get(target, name).bind(target),
    }),
    sessions: new SessionService({
      hints: new LocalHints(clock),
      clock,
      node: "test",
      randomHex: real.services.randomHex,
    }),
    clock,
    accounts: {
      ask: (id, request) => (instead.get(request.kind)?.() ?? real.services.accounts.ask(id, request)) as never,
      watch: (id, watcher) => real.services.accounts.watch(id, watcher),
    },
  };
});
afterAll(() => real.close());

beforeEach(async () => {
  instead.clear();
  loginInstead = null;
  user = `user${++users}`;
  const made = await real.services.directory.createUser({ username: `${user}@localhost`, password: "se cret" });
  if (!made.ok) throw new Error(made.why);
  account = made.user.id;
  pop3 = await startPop3(services, options);
});
afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await pop3.drain(1000);
});

async function store(...messages: (string | Buffer)[]): Promise<void> {
  for (const message of messages) {
    const outcome = await real.services.accounts.ask(account, {
      kind: "change",
      request: real.services.randomHex(16) as RequestId,
      command: {
        kind: "append",
        mailbox: { path: "INBOX" },
        flags: [],
        source: { kind: "bytes", bytes: new Uint8Array(Buffer.from(message as string, "latin1")) },
      },
    });
    if (!outcome.ok) throw new Error(outcome.refusal.kind);
  }
}

/** Resolves when the server has noticed the end of every connection. */
async function gone(): Promise<void> {
  while (pop3.connections() > 0) await new Promise((resolve) => setImmediate(resolve));
}

/** UID and \Seen of every message in INBOX. */
async function inbox(): Promise<{ uid: number; seen: boolean }[]> {
  const opened = await real.services.accounts.ask(account, {
    kind: "openMailbox",
    mailbox: { path: "INBOX" },
    claimRecent: false,
  });
  if (!opened.ok) throw new Error(opened.refusal.kind);
  const columns = await real.services.accounts.ask(account, {
    kind: "readColumns",
    mailbox: opened.mailbox.id,
    uids: opened.uids,
    columns: ["flags"],
  });
  if (!columns.ok) throw new Error(columns.refusal.kind);
  return Array.from(columns.uids, (uid, index) => ({ uid, seen: (columns.flags[index]! & 1) === 1 }));
}

async function open(): Promise<RawClient> {
  const client = await RawClient.open(pop3.addresses.find(({ tls }) => !tls)!.port);
  clients.push(client);
  expect(await client.line()).toBe("+OK Eider POP3 server ready");
  return client;
}

async function say(client: RawClient, text: string): Promise<string | null> {
  await client.write(`${text}\r\n`);
  return client.line();
}

/** The lines of a multi-line response, joined by "|". */
async function lines(client: RawClient, text: string): Promise<string> {
  expect(await say(client, text)).toStartWith("+OK");
  const found: string[] = [];
  for (let line = await client.line(); line !== "."; line = await client.line()) found.push(line!);
  return found.join("|");
}

async function login(): Promise<RawClient> {
  const client = await open();
  expect(await say(client, `USER ${user}`)).toBe("+OK send PASS");
  expect(await say(client, "PASS se cret")).toStartWith("+OK maildrop has ");
  return client;
}

test("USER and PASS open INBOX; a wrong password says [AUTH] and which half was wrong is not told", async () => {
  const client = await open();
  expect(await say(client, "PASS x")).toBe("-ERR USER first");
  for (const name of [user, "stranger"]) {
    expect(await say(client, `USER ${name}`)).toBe("+OK send PASS");
    expect(await say(client, "PASS wrong")).toBe("-ERR [AUTH] Wrong user name or password");
  }
  expect(await say(client, "STAT")).toBe("-ERR Log in first");
  expect(await say(client, `user ${user}@LOCALHOST`)).toBe("+OK send PASS");
  expect(await say(client, "pass se cret")).toBe("+OK maildrop has 0 messages (0 octets)");
  expect(await say(client, `USER ${user}`)).toBe("-ERR Not after login");
});

test("AUTH PLAIN works with and without an initial response, and can be cancelled", async () => {
  const response = Buffer.from(`\0${user}\0se cret`).toString("base64");
  const client = await open();
  expect(await lines(client, "AUTH")).toBe("PLAIN");
  expect(await say(client, "AUTH PLAIN")).toBe("+ ");
  expect(await say(client, "*")).toBe("-ERR Authentication cancelled");
  expect(await say(client, "AUTH PLAIN")).toBe("+ ");
  expect(await say(client, "not base64!")).toBe("-ERR Malformed SASL PLAIN response");
  expect(await say(client, "AUTH CRAM-MD5")).toBe("-ERR Mechanism not supported");
  expect(await say(client, "AUTH PLAIN AGEAYg==")).toBe("-ERR [AUTH] Wrong user name or password");
  expect(await say(client, "AUTH PLAIN")).toBe("+ ");
  expect(await say(client, response)).toStartWith("+OK maildrop");
  const second = await open();
  expect(await say(second, `AUTH plain ${response}`)).toStartWith("+OK maildrop");
});

test("a disabled account, too many connections and an unknown state of the store have their own codes", async () => {
  await Promise.all([login(), login(), login()]);
  const fourth = await open();
  await say(fourth, `USER ${user}`);
  expect(await say(fourth, "PASS se cret")).toBe("-ERR [IN-USE] Too many connections (3)");
  clients[0]!.close();
  await real.services.directory.updateUser(account, { disabled: true });
  await say(fourth, `USER ${user}`);
  expect(await say(fourth, "PASS se cret")).toBe("-ERR [SYS/PERM] Account is disabled");
});

test("a limited login and a directory that is away have their own codes; a broken one tells nothing", async () => {
  const client = await open();
  const pass = async () => {
    await say(client, `USER ${user}`);
    return say(client, "PASS se cret");
  };
  loginInstead = async () => ({ ok: false, why: "rateLimited", retryAfter: 1.5 });
  expect(await pass()).toBe("-ERR [LOGIN-DELAY] Too many failed logins, try again in 2 s");
  loginInstead = async () => ({ ok: false, why: "unavailable" });
  expect(await pass()).toBe("-ERR [SYS/TEMP] Cannot check the password now, try again later");
  loginInstead = async () => {
    throw new Error("secret detail");
  };
  expect(await pass()).toBe("-ERR [SYS/TEMP] Internal error, try again later");
  loginInstead = null;
  expect(await pass()).toStartWith("+OK maildrop");
});

test("a client that leaves during its login leaves no session behind", async () => {
  const found = await real.services.directory.authenticate({
    username: user,
    password: "se cret",
    protocol: "pop3",
    remote: "127.0.0.1",
  });
  for (let round = 0; round < 4; round++) {
    const client = await open();
    await say(client, `USER ${user}`);
    const answer = await new Promise<(result: LoginResult) => void>((reached) => {
      loginInstead = () => new Promise((resolve) => reached(resolve));
      void client.write("PASS se cret\r\n");
    });
    if (round % 2 === 0) {
      client.reset();
      await gone();
      answer(found);
    } else {
      client.close();
      answer(found);
      await gone();
    }
  }
  loginInstead = null;
  const client = await open();
  await say(client, `USER ${user}`);
  expect(await say(client, "PASS se cret")).toStartWith("+OK maildrop");
});

test("a maildrop that cannot be opened is refused, and the connection is not counted any longer", async () => {
  instead.set("openMailbox", async () => ({ ok: false, refusal: { kind: "unavailable", why: "x" } }));
  const client = await open();
  for (let round = 0; round < 5; round++) {
    await say(client, `USER ${user}`);
    expect(await say(client, "PASS se cret")).toBe("-ERR [SYS/TEMP] Mail store is not available, try again later");
  }
  instead.clear();
  await say(client, `USER ${user}`);
  expect(await say(client, "PASS se cret")).toStartWith("+OK maildrop");
});

test("STAT, LIST, UIDL, RETR, TOP, DELE and RSET do what RFC 1939 says", async () => {
  await store("Subject: a\r\n\r\none\r\n", "Subject: b\r\n\r\none\r\n.two\r\nthree\r\n", "Subject: c\r\n\r\n");
  const client = await login();
  expect(await say(client, "STAT")).toBe("+OK 3 65");
  expect(await lines(client, "LIST")).toBe("1 19|2 32|3 14");
  expect(await say(client, "LIST 2")).toBe("+OK 2 32");
  const ids = (await lines(client, "UIDL")).split("|").map((line) => line.split(" ")[1]!);
  expect(new Set(ids).size).toBe(3);
  expect(await say(client, "UIDL 3")).toBe(`+OK 3 ${ids[2]}`);
  expect(await lines(client, "RETR 2")).toBe("Subject: b||one|..two|three");
  expect(await lines(client, "TOP 2 1")).toBe("Subject: b||one");
  expect(await lines(client, "TOP 2 0")).toBe("Subject: b|");
  expect(await say(client, "DELE 2")).toBe("+OK message 2 deleted");
  for (const command of ["LIST 2", "UIDL 2", "RETR 2", "TOP 2 1", "DELE 2"]) {
    expect(await say(client, command)).toBe("-ERR No such message");
  }
  expect(await say(client, "STAT")).toBe("+OK 2 33");
  expect(await lines(client, "LIST")).toBe("1 19|3 14");
  expect(await lines(client, "UIDL")).toBe(`1 ${ids[0]}|3 ${ids[2]}`);
  expect(await say(client, "RSET")).toBe("+OK maildrop has 3 messages (65 octets)");
  expect(await say(client, "NOOP")).toBe("+OK");
  for (const command of [
    "LIST 0",
    "LIST 4",
    "RETR 99999999999",
    "DELE",
    "DELE x",
    "DELE -1",
    "TOP 1",
    "TOP 1 x",
    "LIST 1 2",
  ]) {
    expect(await say(client, command)).toStartWith("-ERR ");
  }
});

test("QUIT removes what is marked and marks what was retrieved as seen, in one change", async () => {
  await store("a\r\n", "b\r\n", "c\r\n", "d\r\n");
  const client = await login();
  const before = await real.services.accounts.ask(account, { kind: "catchUp" });
  await lines(client, "RETR 1");
  await lines(client, "RETR 2");
  await lines(client, "TOP 4 5");
  await say(client, "DELE 2");
  await say(client, "DELE 3");
  expect(await inbox()).toEqual([1, 2, 3, 4].map((uid) => ({ uid, seen: false })));
  expect(await say(client, "QUIT")).toBe("+OK bye");
  expect(await client.line()).toBeNull();
  expect(await inbox()).toEqual([
    { uid: 1, seen: true },
    { uid: 4, seen: false },
  ]);
  const after = await real.services.accounts.ask(account, { kind: "catchUp" });
  expect(before.ok && after.ok && after.seq - before.seq).toBe(1);
});

test("a QUIT that fails says so and removes nothing (RFC 1939 §6)", async () => {
  await store("a\r\n", "b\r\n");
  const client = await login();
  await say(client, "DELE 1");
  instead.set("change", async (): Promise<Outcome> => ({ ok: false, refusal: { kind: "unavailable", why: "disk" } }));
  expect(await say(client, "QUIT")).toBe(
    "-ERR [SYS/TEMP] Mail store is not available, try again later; no message was removed",
  );
  expect(await client.line()).toBeNull();
  expect((await inbox()).length).toBe(2);
});

test("a lost connection, a timeout and a shutdown remove nothing", async () => {
  await store("a\r\n", "b\r\n");
  const lost = await login();
  await say(lost, "DELE 1");
  lost.close();
  const idle = await login();
  await say(idle, "DELE 1");
  now += 599_000;
  runTimers();
  expect(await say(idle, "NOOP")).toBe("+OK");
  now += 601_000;
  runTimers();
  expect(await idle.line()).toBeNull();
  const leaving = await login();
  await say(leaving, "DELE 1");
  const drained = pop3.drain(1000);
  expect(await leaving.line()).toBe("-ERR [SYS/TEMP] Server is shutting down");
  expect(await leaving.line()).toBeNull();
  await drained;
  expect((await inbox()).length).toBe(2);
});

test("who does not log in within a minute is disconnected without a word", async () => {
  const client = await open();
  now += 61_000;
  runTimers();
  expect(await client.line()).toBeNull();
});

test("the maildrop is INBOX as it was at login, and UIDLs stay from session to session", async () => {
  await store("a\r\n", "b\r\n", "same\r\n", "same\r\n");
  const first = await login();
  await store("late\r\n");
  expect(await say(first, "STAT")).toBe("+OK 4 18");
  const ids = (await lines(first, "UIDL")).split("|").map((line) => line.split(" ")[1]);
  expect(new Set(ids).size).toBe(4);
  await say(first, "DELE 1");
  await say(first, "QUIT");
  const second = await login();
  const later = (await lines(second, "UIDL")).split("|").map((line) => line.split(" ")[1]);
  expect(later.slice(0, 3)).toEqual(ids.slice(1));
  expect(later.length).toBe(4);
});

test("a message that somebody else removed meanwhile is refused, the session goes on, and QUIT succeeds", async () => {
  await store("a\r\n", "b\r\n");
  const client = await login();
  const other = await login();
  await say(other, "DELE 1");
  await say(other, "QUIT");
  expect(await say(client, "RETR 1")).toBe("-ERR [SYS/PERM] Message does not exist any more");
  await say(client, "DELE 1");
  expect(await lines(client, "RETR 2")).toBe("b");
  expect(await say(client, "QUIT")).toBe("+OK bye");
  expect(await inbox()).toEqual([{ uid: 2, seen: true }]);
});

test("marks and the session itself are visible to an operator, who can end it", async () => {
  await store("a\r\n", "b\r\n", "c\r\n");
  const client = await login();
  await lines(client, "RETR 3");
  await say(client, "DELE 1");
  await say(client, "DELE 2");
  runTimers(); // the session tells
  runTimers(); // and it is recorded
  const [record] = await services.sessions.list({ account });
  expect(record).toMatchObject({ protocol: "pop3", mailbox: "INBOX", marks: "delete 2 of 3: 1:2; seen 1: 3" });
  expect(await services.sessions.end(record!.id, "maintenance")).toBe(true);
  expect(await client.line()).toBe("-ERR [SYS/TEMP] Session ended: maintenance");
  expect(await client.line()).toBeNull();
  expect((await inbox()).length).toBe(3);
});

test("large messages stream, and pipelined commands behind one are answered in order", async () => {
  const body = `${"x".repeat(998)}\r\n.dot\r\n`.repeat(1500);
  await store(`Subject: big\r\n\r\n${body}`);
  const client = await login();
  await client.write("RETR 1\r\nSTAT\r\nNOOP\r\n");
  const size = body.length + 16;
  expect(await client.line()).toBe(`+OK ${size} octets`);
  const text = await client.until("\r\n.\r\n");
  expect(text.slice(0, -3).replaceAll("\r\n.", "\r\n")).toBe(`Subject: big\r\n\r\n${body}`);
  expect(await client.line()).toBe(`+OK 1 ${size}`);
  expect(await client.line()).toBe("+OK");
});

test("a read that fails in the middle of a message breaks the connection rather than the message", async () => {
  await store(`Subject: big\r\n\r\n${"y".repeat(600_000)}\r\n`);
  const client = await login();
  let reads = 0;
  instead.set("readContent", () => {
    if (++reads === 2) return Promise.resolve({ ok: false, refusal: { kind: "unavailable", why: "x" } });
    const page = { mailbox: "", uids: [], items: [], maxBytes: 0 };
    return Promise.resolve({
      ok: true,
      seq: 1,
      uids: Uint32Array.of(1),
      offsets: Uint32Array.of(0, 5),
      sizes: Uint32Array.of(600_018),
      bytes: Buffer.from("Subje"),
      rest: page.uids,
    });
  });
  expect(await say(client, "RETR 1")).toStartWith("+OK ");
  expect(await client.line()).toBeNull();
});

test("passwords are refused in clear text from far away, and STLS opens the way", async () => {
  await pop3.drain(100);
  pop3 = await startPop3(services, { ...options, proxyProtocolFrom: ["127.0.0.1"] });
  const client = await RawClient.open(pop3.addresses[0]!.port);
  clients.push(client);
  await client.write("PROXY TCP4 203.0.113.9 127.0.0.1 4660 110\r\n");
  await client.line();
  expect(await lines(client, "CAPA")).toBe(
    "TOP|UIDL|RESP-CODES|AUTH-RESP-CODE|PIPELINING|EXPIRE NEVER|UTF8 USER|STLS|IMPLEMENTATION Eider",
  );
  for (const command of [`USER ${user}`, "AUTH PLAIN"]) {
    expect(await say(client, command)).toBe("-ERR Passwords are not accepted in clear text, use STLS first");
  }
  expect(await say(client, "STLS")).toBe("+OK begin TLS negotiation");
  await client.secure();
  expect(await lines(client, "CAPA")).toBe(
    "TOP|UIDL|RESP-CODES|AUTH-RESP-CODE|PIPELINING|EXPIRE NEVER|UTF8 USER|USER|SASL PLAIN|IMPLEMENTATION Eider",
  );
  expect(await say(client, "STLS")).toBe("-ERR Already encrypted");
  await say(client, `USER ${user}`);
  expect(await say(client, "PASS se cret")).toStartWith("+OK maildrop");
  expect(await lines(client, "CAPA")).toEndWith("IMPLEMENTATION Eider-0.0.0");
});

test("STLS forgets what was sent in clear text before and behind it", async () => {
  const client = await open();
  await say(client, `USER ${user}`);
  await client.write("STLS\r\nUSER evil\r\nQUIT\r\n");
  expect(await client.line()).toBe("+OK begin TLS negotiation");
  await client.secure();
  expect(await say(client, "PASS se cret")).toBe("-ERR USER first");
});

test("the TLS port speaks TLS from the first octet", async () => {
  const client = await RawClient.openTls(pop3.addresses.find(({ tls }) => tls)!.port);
  clients.push(client);
  expect(await client.line()).toStartWith("+OK");
  await say(client, `USER ${user}`);
  expect(await say(client, "PASS se cret")).toStartWith("+OK maildrop");
});

test("a name or password that is not UTF-8 is a wrong one", async () => {
  const client = await open();
  const sayOctets = async (line: string) => {
    await client.write(Buffer.from(`${line}\r\n`, "latin1"));
    return client.line();
  };
  expect(await say(client, `USER ${user}`)).toBe("+OK send PASS");
  expect(await sayOctets("PASS gr\xfcn")).toBe("-ERR [AUTH] Wrong user name or password");
  expect(await sayOctets("USER j\xfcrg")).toBe("-ERR [AUTH] Wrong user name or password");
  expect(await sayOctets("PASS secret")).toBe("-ERR USER first");
  expect(await sayOctets("NOOP \xff")).toBe("-ERR Log in first");
  expect(await sayOctets("CAPA \xff")).toBe("-ERR Command is not UTF-8");
});

test("noise is answered with -ERR and the session stays, up to fifty errors", async () => {
  const client = await open();
  for (const noise of [
    "HELLO",
    "",
    "\0",
    "USER a\0b",
    "USER",
    "USER \xff",
    "CAPA x",
    "x".repeat(5000),
    "UTF8 x",
    "R\x7fTR 1",
  ]) {
    await client.write(Buffer.from(`${noise}\r\n`, "latin1"));
    expect(await client.line()).toStartWith("-ERR ");
  }
  expect(await say(client, "UTF8")).toBe("+OK UTF-8 enabled");
  await client.write("X\n".repeat(100));
  let errors = 0;
  for (let line = await client.line(); line !== null; line = await client.line()) errors++;
  expect(errors).toBe(40);
});

test("commands pipelined by the thousand are all answered", async () => {
  const client = await login();
  const count = 20_000;
  await client.write("NOOP\r\n".repeat(count));
  for (let answered = 0; answered < count; answered++) expect(await client.line()).toBe("+OK");
});
