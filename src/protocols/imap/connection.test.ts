import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { connect as secure } from "node:tls";
import { ManualClock } from "../../../test/manual-clock.ts";
import { ImapClient } from "../../../test/transcripts/imap-client.ts";
import { LineClient } from "../../../test/transcripts/line-client.ts";
import { Stage } from "../../../test/transcripts/stage.ts";
import { selfSigned } from "../../operation/self-signed.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ proxyProtocolFrom: ["127.0.0.0/8"] });
});
afterAll(() => stage.close());

/** A client behind a load balancer that reports `header`. */
async function proxied(header: string | Uint8Array): Promise<LineClient> {
  const client = await LineClient.connect(await stage.port("imap"), true);
  client.sayOctets(Buffer.from(header));
  return client;
}

describe("PROXY protocol", () => {
  test("the reported address decides whether passwords may come in clear text", async () => {
    const far = await proxied("PROXY TCP4 192.0.2.7 127.0.0.1 50000 143\r\n");
    const greeting = await far.hear();
    expect(greeting).toContain("LOGINDISABLED");
    expect(greeting).not.toContain("AUTH=PLAIN");
    far.say("a LOGIN demo secret\r\n");
    expect(await far.hear()).toStartWith("a NO [PRIVACYREQUIRED]");
    far.say("b AUTHENTICATE PLAIN\r\n");
    expect(await far.hear()).toStartWith("b NO [PRIVACYREQUIRED]");
    await startTls(far);
    far.say("d CAPABILITY\r\n");
    expect(await far.hear()).toContain("AUTH=PLAIN");
    far.close();
    const near = await proxied("PROXY TCP6 ::1 ::1 50000 143\r\na NOOP\r\n");
    expect(await near.hear()).toContain("AUTH=PLAIN");
    expect(await near.hear()).toBe("a OK NOOP completed");
    near.close();
  });

  test("version 2, octet by octet", async () => {
    const header = Buffer.from("0d0a0d0a000d0a515549540a2111000cc00002077f000001c350008f", "hex");
    const client = await LineClient.connect(await stage.port("imap"), true);
    for (const octet of header) client.sayOctets(Buffer.of(octet));
    expect(await client.hear()).toContain("LOGINDISABLED");
    client.close();
  });

  test("a connection without a header, or with a damaged one, ends without a word", async () => {
    for (const said of ["a NOOP\r\n", "PROXY TCP4 nonsense\r\n", `PROXY ${"x".repeat(200)}`, "\r\n\r\n\0\r\nQUIX\n"]) {
      const client = await proxied(said);
      expect(await client.hear()).toBeNull();
    }
  });

  test("the header and the client's first TLS record may arrive together", async () => {
    const { name } = await stage.newUser();
    const raw = connect(await stage.port("imap", true), "127.0.0.1");
    let header: Buffer | null = Buffer.from("PROXY TCP4 192.0.2.7 127.0.0.1 50000 993\r\n");
    const carrier = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        raw.write(header === null ? chunk : Buffer.concat([header, chunk]), done);
        header = null;
      },
    });
    raw.on("data", (bytes) => carrier.push(bytes));
    const socket = secure({ socket: carrier as never, rejectUnauthorized: false });
    let heard = "";
    const until = (text: string) =>
      new Promise<void>((resolve) => {
        const look = () => heard.includes(text) && resolve();
        socket.on("data", look);
        look();
      });
    socket.on("data", (bytes) => {
      heard += bytes.toString();
    });
    await until("ready\r\n");
    socket.write(`a LOGIN ${name} secret\r\n`);
    await until("a OK");
    const sessions = await stage.services.sessions.list();
    expect(sessions.find(({ user }) => user === name)).toMatchObject({ remote: "192.0.2.7", secure: true });
    socket.write("b LOGOUT\r\n");
    await until("b OK LOGOUT completed\r\n");
    raw.destroy();
  });
});

async function startTls(client: LineClient): Promise<void> {
  client.say("s STARTTLS\r\n");
  expect(await client.hear()).toStartWith("s OK");
  await client.startTls();
}

describe("TLS", () => {
  test("what is sent in clear text behind STARTTLS is never carried out", async () => {
    const client = await proxied("PROXY TCP4 127.0.0.1 127.0.0.1 50000 143\r\n");
    await client.hear();
    client.say("a STARTTLS\r\nb NOOP\r\nc LOGIN x y\r\n");
    expect(await client.hear()).toStartWith("a OK");
    await client.startTls();
    client.say("d NOOP\r\n");
    expect(await client.hear()).toBe("d OK NOOP completed");
    client.close();
  });

  test("octets that are no TLS on the TLS port end that connection only", async () => {
    const plain = await Stage.open();
    const { name } = await plain.newUser();
    const bad = await LineClient.connect(await plain.port("imap", true), true);
    bad.say("a NOOP\r\n");
    expect(await bad.hear()).toBeNull();
    const good = await ImapClient.connect(plain, true);
    await good.ok(`LOGIN ${name} secret`);
    good.close();
    await plain.close();
  });
});

test("a renewed certificate is shown from the next handshake on, STARTTLS and TLS", async () => {
  const make = (organization: string) =>
    selfSigned({ names: ["localhost"], organization, from: new Date(0), until: new Date(4e12) });
  let current = make("Before");
  const own = await Stage.open({}, () => ({ tls: () => current }));
  const issuer = async () => {
    const port = await own.port("imap", true);
    const socket = secure({ port, host: "127.0.0.1", rejectUnauthorized: false });
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    const { O } = socket.getPeerCertificate().subject;
    socket.destroy();
    return O;
  };
  const there = await ImapClient.connect(own, true);
  expect(await issuer()).toBe("Before");
  current = make("After");
  expect(await issuer()).toBe("After");
  await there.ok("NOOP");
  there.close();
  await own.close();
});

describe("time", () => {
  test("a client that does not log in is sent away after a minute, whatever else it says", async () => {
    const clock = new ManualClock();
    const timed = await Stage.open({}, () => ({ clock }));
    const client = await ImapClient.connect(timed);
    clock.advance(50_000);
    await client.ok("NOOP");
    clock.advance(15_000);
    expect(await client.end()).toEqual(["* BYE Autologout: idle for too long"]);
    await timed.close();
  });

  test("one that has is not before 30 minutes have passed in silence (RFC 3501 §5.4)", async () => {
    const clock = new ManualClock();
    const timed = await Stage.open({}, () => ({ clock }));
    const client = await ImapClient.inInbox(timed, (await timed.newUser()).name);
    clock.advance(29 * 60_000 + 59_000);
    await client.ok("NOOP");
    clock.advance(30 * 60_000 + 5_000);
    expect(await client.end()).toEqual(["* BYE Autologout: idle for too long"]);
    await timed.close();
  });

  test("IDLE shows that it is alive, and ends when the client has not been heard of for 31 minutes", async () => {
    const clock = new ManualClock();
    const timed = await Stage.open({}, () => ({ clock }));
    const { account, name } = await timed.newUser();
    const client = await ImapClient.inInbox(timed, name);
    client.wire.say("i IDLE\r\n");
    expect(await client.wire.hear()).toBe("+ idling");
    // A push that arrives shows that IDLE has begun in earnest.
    const source = { kind: "bytes", bytes: Buffer.from("Subject: x\r\n\r\n") } as const;
    await timed.change(account, { kind: "append", mailbox: { path: "INBOX" }, flags: [], source });
    expect(await client.wire.hear()).toBe("* 1 EXISTS");
    expect(await client.wire.hear()).toBe("* 1 RECENT");
    clock.advance(4 * 60_000 + 5_000);
    expect(await client.wire.hear()).toBe("* OK Still here");
    clock.advance(27 * 60_000 + 5_000);
    const heard = await client.end();
    expect(heard.pop()).toBe("* BYE Autologout: idle for too long");
    expect(heard.length).toBeGreaterThan(4);
    expect(new Set(heard)).toEqual(new Set(["* OK Still here"]));
    await timed.close();
  });
});

describe("who is connected", () => {
  test("an operator sees the session, its mailbox and its client, and can end it", async () => {
    const own = await Stage.open();
    const { name } = await own.newUser();
    const client = await ImapClient.inInbox(own, name);
    await client.ok('ID ("name" "Mail" "version" "1.0\x07" "vendor" "ACME")');
    const [record] = await own.services.sessions.list();
    expect(record).toMatchObject({
      user: name,
      protocol: "imap",
      mailbox: "INBOX",
      secure: false,
      remote: "127.0.0.1",
    });
    expect(record!.client).toBe("Mail 1.0 (ACME)");
    await client.ok("UNSELECT");
    expect((await own.services.sessions.list())[0]!.mailbox).toBeNull();
    expect(await own.services.sessions.end(record!.id, "Ended by the operator")).toBe(true);
    expect(await client.end()).toEqual(["* BYE Ended by the operator"]);
    await own.close();
  });

  test("a user's connections are limited, and one that ends makes room", async () => {
    const own = await Stage.open({ maxConnectionsPerUser: 2 });
    const { name } = await own.newUser();
    const first = await ImapClient.inInbox(own, name);
    const second = await ImapClient.inInbox(own, name);
    const third = await ImapClient.connect(own);
    expect((await third.ask(`LOGIN ${name} secret`)).tagged).toStartWith("t1 NO [LIMIT]");
    await first.ok("LOGOUT");
    await first.end();
    await third.ok(`LOGIN ${name} secret`);
    second.close();
    third.close();
    await own.close();
  });

  test("connections over the limit of the listener are told so, where all that are there have logged in", async () => {
    const own = await Stage.open({ maxConnections: 2 });
    const { name } = await own.newUser();
    const clients = [await ImapClient.inInbox(own, name), await ImapClient.inInbox(own, name)];
    const third = await LineClient.connect(await own.port("imap"), true);
    expect(await third.hear()).toStartWith("* BYE [UNAVAILABLE] Too many connections");
    expect(await third.hear()).toBeNull();
    for (const client of clients) client.close();
    await own.close();
  });

  test("a server that leaves says goodbye to everybody, to those who idle too", async () => {
    const own = await Stage.open();
    const { name } = await own.newUser();
    const waiting = await ImapClient.inInbox(own, name);
    const idle = await ImapClient.inInbox(own, name);
    idle.wire.say("i IDLE\r\n");
    expect(await idle.wire.hear()).toBe("+ idling");
    const stranger = await ImapClient.connect(own);
    const drained = (await own.listening("imap")).drain(10_000);
    for (const client of [waiting, idle, stranger]) {
      expect(await client.end()).toEqual(["* BYE Server is going down, please reconnect"]);
    }
    await drained;
    await own.close();
  });
});
