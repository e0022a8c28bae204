import { afterEach, beforeEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { ManualClock } from "../../../test/manual-clock.ts";
import { selfSigned } from "../../operation/self-signed.ts";
import { RawClient } from "../raw-client.fixture.ts";
import type { ListenerOptions, Listening } from "../services.ts";
import { accountOf, lmtpOptions, RecordingServices } from "./recording-services.fixture.ts";
import { startLmtp } from "./start-lmtp.ts";

let world: RecordingServices;
let lmtp: Listening;
let clients: RawClient[];

beforeEach(async () => {
  world = new RecordingServices();
  const { key, cert } = selfSigned({
    names: ["mail.example"],
    organization: "Test",
    from: new Date(Date.now() - 60_000),
    until: new Date(Date.now() + 3_600_000),
  });
  world.tls = { key, cert };
  clients = [];
  lmtp = await startLmtp(world.services(), lmtpOptions);
});

afterEach(async () => {
  for (const client of clients) client.close();
  await lmtp.drain(100);
});

async function restart(options: Partial<ListenerOptions>): Promise<void> {
  await lmtp.drain(100);
  lmtp = await startLmtp(world.services(), { ...lmtpOptions, ...options });
}

async function greeted(): Promise<RawClient> {
  const client = await RawClient.open(lmtp.addresses[0]!.port);
  clients.push(client);
  expect(await client.reply()).toBe("220 mail.example LMTP Eider ready");
  expect(await client.command("LHLO client.example")).toStartWith("250-mail.example|");
  return client;
}

/** Says the envelope, expecting every recipient to be accepted, up to 354. */
async function envelope(client: RawClient, sender: string, ...recipients: string[]): Promise<void> {
  expect(await client.command(`MAIL FROM:<${sender}>`)).toStartWith("250 2.1.0");
  for (const recipient of recipients) expect(await client.command(`RCPT TO:<${recipient}>`)).toStartWith("250 2.1.5");
  expect(await client.command("DATA")).toStartWith("354 ");
}

function stuffed(message: Buffer): Buffer {
  const text = message.toString("latin1").replace(/^\./, "..").replaceAll("\r\n.", "\r\n..");
  return Buffer.from(`${text}.\r\n`, "latin1");
}

test("LHLO offers the extensions of part 4, and no AUTH", async () => {
  const client = await RawClient.open(lmtp.addresses[0]!.port);
  clients.push(client);
  await client.reply();
  const reply = await client.command("LHLO client.example");
  expect(reply).toBe(
    `250-mail.example|250-PIPELINING|250-8BITMIME|250-SMTPUTF8|250-ENHANCEDSTATUSCODES|250-STARTTLS|250 SIZE ${lmtpOptions.messageSize}`,
  );
  expect(await client.command("AUTH PLAIN AGEAYg==")).toStartWith("500 ");
});

test("a client that says much and takes no reply is gone after five minutes", async () => {
  const clock = new ManualClock();
  await lmtp.drain(100);
  lmtp = await startLmtp({ ...world.services(), clock }, lmtpOptions);
  const socket = connect({ port: lmtp.addresses[0]!.port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  socket.pause();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await new Promise((resolve) => socket.once("connect", resolve));
  // More than fits into the buffers on both sides: the server stops reading because its replies are not taken.
  for (let piece = 0; piece < 64; piece++) socket.write("NOOP\r\n".repeat(40_000));
  while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(lmtp.connections()).toBe(1);
  clock.advance(299_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(lmtp.connections()).toBe(1);
  while (lmtp.connections() > 0) {
    clock.advance(300_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.destroy();
  await closed;
});

test("LHLO comes first, and HELO and EHLO are not LMTP (RFC 2033 §4.1)", async () => {
  const client = await RawClient.open(lmtp.addresses[0]!.port);
  clients.push(client);
  await client.reply();
  expect(await client.command("MAIL FROM:<a@b.example>")).toStartWith("503 5.5.1 ");
  expect(await client.command("HELO client.example")).toStartWith("500 ");
  expect(await client.command("EHLO client.example")).toStartWith("500 ");
});

test("DATA without a valid recipient is refused (RFC 2033 §4.2)", async () => {
  const client = await greeted();
  await client.command("MAIL FROM:<a@b.example>");
  expect(await client.command("RCPT TO:<nobody@mail.example>")).toBe("550 5.1.1 No such user");
  expect(await client.command("DATA")).toBe("503 5.5.1 No valid recipients");
});

test("a delivery adds Return-Path and Delivered-To and keeps the bytes", async () => {
  const client = await greeted();
  await envelope(client, "bob@far.example", "Alice+News@mail.example");
  expect(await client.command("Subject: x\r\n\r\nhello\r\n.")).toBe(
    "250 2.0.0 Message stored as 000000000000000000000001",
  );
  const [{ account, trace, message }] = world.recorded as [(typeof world.recorded)[0]];
  expect(account).toBe(accountOf("alice"));
  expect(trace).toBe("Return-Path: <bob@far.example>\r\nDelivered-To: Alice+News@mail.example\r\n");
  expect(message.toString()).toBe("Subject: x\r\n\r\nhello\r\n");
});

test("trace headers have the addresses as the MTA wrote them: nothing becomes UTF-8 that came as ASCII", async () => {
  const client = await greeted();
  await envelope(client, "bob@xn--mnchen-3ya.example", "alice@xn--mnchen-3ya.example", "alice+Odd@mail.example");
  await client.command("Subject: x\r\n\r\nhello\r\n.");
  await client.reply();
  await envelope(client, "bob@münchen.example", "alice@münchen.example");
  await client.command("Subject: y\r\n\r\nhello\r\n.");
  expect(world.recorded.map(({ trace }) => trace)).toEqual([
    "Return-Path: <bob@xn--mnchen-3ya.example>\r\nDelivered-To: alice@xn--mnchen-3ya.example\r\nDelivered-To: alice+Odd@mail.example\r\n",
    "Return-Path: <bob@münchen.example>\r\nDelivered-To: alice@münchen.example\r\n",
  ]);
});

const line = (length: number) => Buffer.alloc(length, "x");
for (const [name, message] of Object.entries({
  "8-bit octets": Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)),
  "NUL octets": Buffer.from("a\0b\0\0\r\n"),
  "bare CR": Buffer.from("a\rb\r\rc\r\r\n"),
  "bare LF": Buffer.from("a\nb\n\nc\n\r\n"),
  "a line of 100 kB": Buffer.concat([line(100_000), Buffer.from("\r\n")]),
  "lone dots": Buffer.from(".\r\n..\r\n...\r\na\r\n.\r\n.b\r\n\r\n.\r\n"),
  "dots between bare LFs": Buffer.from("a\n.\nb\n.c\r\n"),
  nothing: Buffer.alloc(0),
  "1 MB of doubled dots": Buffer.from(".\r\n".repeat(350_000)),
  "3 MB in pieces": Buffer.concat([line(3_000_000), Buffer.from("\r\n.\r\n")]),
})) {
  test(`a delivery keeps ${name} byte for byte`, async () => {
    const client = await greeted();
    await envelope(client, "", "alice");
    const wire = stuffed(
      message.length === 0 || message.toString("latin1").endsWith("\r\n")
        ? message
        : Buffer.concat([message, Buffer.from("\r\n")]),
    );
    await client.write(wire);
    expect(await client.reply()).toStartWith("250 2.0.0 ");
    const stored = world.recorded[0]!.message;
    expect(stored.subarray(0, message.length).equals(message)).toBe(true);
    expect(stored.length - message.length).toBeLessThanOrEqual(2);
    expect(world.largest).toBeLessThanOrEqual(1024 * 1024);
  });
}

for (const shape of ["\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r\n\0.\r\n", "\n\r.\r\n"]) {
  test(`${JSON.stringify(shape)} smuggles no second message`, async () => {
    const client = await greeted();
    await envelope(client, "bob@far.example", "alice");
    const smuggled = "MAIL FROM:<admin@mail.example>\r\nRCPT TO:<victim>\r\nDATA\r\nspoofed";
    await client.write(`Subject: x\r\n\r\nhello${shape}${smuggled}\r\n.\r\nNOOP\r\n`);
    expect(await client.reply()).toStartWith("250 2.0.0 Message stored");
    expect(await client.reply()).toBe("250 2.0.0 OK");
    expect(world.recorded.length).toBe(1);
    expect(world.recorded[0]!.message.toString()).toEndWith(`${smuggled}\r\n`);
  });
}

test("one reply for each recipient, in order, each with its own fate", async () => {
  world.refusals.set("full", { kind: "overQuota", quota: 1, used: 1 });
  world.refusals.set("busy", { kind: "busy", why: "queue" });
  world.refusals.set("away", { kind: "unavailable", why: "secret store error" });
  const client = await greeted();
  await envelope(client, "bob@far.example", "alice", "full", "busy", "carol", "away");
  expect(await client.command("hello\r\n.")).toBe("250 2.0.0 Message stored as 000000000000000000000001");
  expect(await client.reply()).toBe("552 5.2.2 Mailbox is full");
  expect(await client.reply()).toStartWith("451 4.3.2 ");
  expect(await client.reply()).toStartWith("250 2.0.0 ");
  expect(await client.reply()).toBe("451 4.3.0 Storage is not available, try again later");
  expect(await client.command("NOOP")).toBe("250 2.0.0 OK");
});

test("recipients given twice, or leading to one account, get a reply each and one copy", async () => {
  const client = await greeted();
  await envelope(client, "bob@far.example", "alice", "alice", "alias-alice", "carol");
  await client.write("hello\r\n.\r\n");
  const replies = [await client.reply(), await client.reply(), await client.reply(), await client.reply()];
  expect(replies.map((reply) => reply?.slice(-1))).toEqual(["1", "1", "1", "2"]);
  expect(world.recorded.map(({ trace }) => trace.match(/Delivered-To: .*(?=\r)/g))).toEqual([
    ["Delivered-To: alice@mail.example", "Delivered-To: alias-alice@mail.example"],
    ["Delivered-To: carol@mail.example"],
  ]);
});

for (const size of [40_000, 900_000]) {
  test(`${size} octets for several accounts reach each of them, in buffers of its own`, async () => {
    const client = await greeted();
    await envelope(client, "bob@far.example", "alice", "bert", "carol");
    await client.write(Buffer.alloc(size, "w"));
    await client.write("\r\n.\r\n");
    for (let reply = 0; reply < 3; reply++) expect(await client.reply()).toStartWith("250 2.0.0 ");
    expect(world.recorded.map(({ message }) => message.length)).toEqual([size + 2, size + 2, size + 2]);
  });
}

test("RCPT refuses who is disabled, unknown or cannot be looked up, and what cannot fit", async () => {
  world.disabled.add("gone");
  const client = await greeted();
  await client.command("MAIL FROM:<a@b.example> SIZE=5000");
  expect(await client.command("RCPT TO:<gone>")).toBe("550 5.2.1 Mailbox is disabled");
  expect(await client.command("RCPT TO:<nobody>")).toBe("550 5.1.1 No such user");
  expect(await client.command("RCPT TO:<lost>")).toStartWith("451 4.3.0 ");
  expect(await client.command("RCPT TO:<small>")).toBe("552 5.2.2 Mailbox is full");
  expect(await client.command("RCPT TO:<alice> NOTIFY=NEVER")).toStartWith("555 5.5.4 ");
  expect(await client.command("RCPT TO:<a b>")).toStartWith("501 5.1.3 ");
});

test("a size over the limit is refused when announced, and when it arrives", async () => {
  const client = await greeted();
  expect(await client.command(`MAIL FROM:<a@b.example> SIZE=${lmtpOptions.messageSize + 1}`)).toStartWith("552 5.3.4 ");
  await envelope(client, "a@b.example", "alice", "carol");
  await client.write(Buffer.alloc(lmtpOptions.messageSize + 1, "y"));
  await client.write("\r\n.\r\n");
  expect(await client.reply()).toBe("552 5.3.4 Message is too big");
  expect(await client.reply()).toBe("552 5.3.4 Message is too big");
  expect(world.recorded).toEqual([]);
  expect(world.aborted).toBe(2);
  await envelope(client, "a@b.example", "alice");
  expect(await client.command("small\r\n.")).toStartWith("250 2.0.0 ");
});

test("the same transaction again makes no second copy; another sender or content does", async () => {
  const send = async (sender: string, text: string) => {
    const client = await greeted();
    await envelope(client, sender, "alice");
    return client.command(`${text}\r\n.`);
  };
  expect(await send("a@b.example", "one")).toEndWith("1");
  expect(await send("a@b.example", "one")).toEndWith("1");
  expect(await send("c@b.example", "one")).toEndWith("2");
  expect(await send("a@b.example", "two")).toEndWith("3");
  expect(world.recorded.length).toBe(3);
});

test("a large message that was there already, or is refused, is not left lying around", async () => {
  for (let round = 0; round < 2; round++) {
    const client = await greeted();
    await envelope(client, "a@b.example", "alice");
    await client.write(Buffer.alloc(600 * 1024, "z"));
    await client.write("\r\n.\r\n");
    expect(await client.reply()).toStartWith("250 2.0.0 ");
    expect(world.aborted).toBe(round);
  }
  expect(world.recorded.length).toBe(1);
});

test("a client that leaves inside a message leaves nothing behind", async () => {
  const client = await greeted();
  await envelope(client, "a@b.example", "alice");
  await client.write(Buffer.alloc(600 * 1024, "z"));
  client.close();
  await world.until(() => world.aborted > 0);
  expect(world.recorded).toEqual([]);
});

test("a slow account slows the client down instead of filling memory", async () => {
  let open = () => {};
  world.gate = new Promise((resolve) => {
    open = resolve;
  });
  const client = await greeted();
  await envelope(client, "a@b.example", "alice");
  const big = Buffer.alloc(7 * 1024 * 1024, "q");
  let written = false;
  const writing = client.write(big).then(() => {
    written = true;
  });
  await world.until(() => world.largest > 0);
  expect(written).toBe(false);
  open();
  await writing;
  await client.write("\r\n.\r\n");
  expect(await client.reply()).toStartWith("250 2.0.0 ");
  expect(world.recorded[0]!.message.length).toBe(big.length + 2);
  expect(world.largest).toBeLessThanOrEqual(1024 * 1024);
});

test("commands in one packet are answered in order (PIPELINING)", async () => {
  const client = await greeted();
  await client.write("MAIL FROM:<a@b.example>\r\nRCPT TO:<nobody>\r\nRCPT TO:<alice>\r\nDATA\r\n");
  for (const reply of ["250 2.1.0", "550 5.1.1", "250 2.1.5", "354 "]) expect(await client.reply()).toStartWith(reply);
  await client.write("x\r\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice>\r\nRSET\r\nQUIT\r\n");
  for (const reply of ["250 2.0.0 M", "250 2.1.0", "250 2.1.5", "250 2.0.0", "221"]) {
    expect(await client.reply()).toStartWith(reply);
  }
  expect(await client.reply()).toBeNull();
});

test("STARTTLS encrypts, and forgets what came before it in clear text", async () => {
  const client = await greeted();
  await client.command("MAIL FROM:<a@b.example>");
  await client.write("STARTTLS\r\n");
  expect(await client.reply()).toStartWith("220 ");
  await client.secure();
  expect(await client.command("RCPT TO:<alice>")).toStartWith("503 ");
  expect(await client.command("LHLO client.example")).not.toContain("STARTTLS");
  await envelope(client, "a@b.example", "alice");
  expect(await client.command("x\r\n.")).toStartWith("250 2.0.0 ");
});

test("STARTTLS does not run commands that were injected behind it", async () => {
  const client = await greeted();
  await client.write("STARTTLS\r\nLHLO evil\r\nMAIL FROM:<evil@far.example>\r\n");
  expect(await client.reply()).toStartWith("220 ");
  await client.secure();
  expect(await client.command("LHLO client.example")).toStartWith("250-mail.example|");
  expect(await client.command("MAIL FROM:<a@b.example>")).toStartWith("250 2.1.0");
});

test("the TLS port speaks TLS from the first octet", async () => {
  await restart({ port: null, tlsPort: 0 });
  const client = await RawClient.openTls(lmtp.addresses[0]!.port);
  clients.push(client);
  expect(await client.reply()).toStartWith("220 ");
  expect(await client.command("LHLO client.example")).not.toContain("STARTTLS");
});

test("a PROXY header is read from trusted addresses, versions 1 and 2", async () => {
  await restart({ proxyProtocolFrom: ["127.0.0.0/8"] });
  const v2 = Buffer.concat([
    Buffer.from("0d0a0d0a000d0a515549540a2111000c", "hex"),
    Buffer.from([203, 0, 113, 7, 127, 0, 0, 1, 0x12, 0x34, 0x09, 0x78]),
  ]);
  for (const header of [Buffer.from("PROXY TCP4 203.0.113.9 127.0.0.1 4660 2424\r\n"), v2]) {
    const client = await RawClient.open(lmtp.addresses[0]!.port);
    clients.push(client);
    await client.write(Buffer.concat([header, Buffer.from("LHLO client.example\r\n")]));
    expect(await client.reply()).toStartWith("220 ");
    expect(await client.reply()).toStartWith("250-");
    await envelope(client, "a@b.example", header === v2 ? "alice" : "carol");
    await client.command("x\r\n.");
  }
  expect(world.remotes).toEqual(["203.0.113.9", "203.0.113.7"]);
  const liar = await RawClient.open(lmtp.addresses[0]!.port);
  clients.push(liar);
  await liar.write("LHLO client.example\r\n");
  expect(await liar.reply()).toBeNull();
});

test("a PROXY header from somebody else is not believed", async () => {
  await restart({ proxyProtocolFrom: ["192.0.2.1"] });
  const client = await greeted();
  expect(await client.command("PROXY TCP4 203.0.113.9 127.0.0.1 4660 2424")).toStartWith("500 ");
});

test("lines without an end, NULs and noise are answered and bounded", async () => {
  const client = await greeted();
  expect(await client.command("\0\0")).toStartWith("500 5.5.2 ");
  expect(await client.command("MAIL FROM:<a\0@b.example>")).toStartWith("501 5.1.7 ");
  await client.write(Buffer.alloc(64 * 1024, "A"));
  expect(await client.reply()).toStartWith("421 4.5.2 ");
  expect(await client.reply()).toBeNull();
});

test("connections that come and go leave none behind", async () => {
  const ports = lmtp.addresses[0]!.port;
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      Array.from(
        { length: 100 },
        () =>
          new Promise<void>((resolve) => {
            const socket = connect(ports, "127.0.0.1", () => socket.destroy());
            socket.on("close", () => resolve()).on("error", () => undefined);
          }),
      ),
    );
  }
  await world.until(() => lmtp.connections() === 0);
  await greeted();
  expect(lmtp.connections()).toBe(1);
});

test("drain lets a delivery finish, then says goodbye", async () => {
  let open = () => {};
  world.gate = new Promise((resolve) => {
    open = resolve;
  });
  const busy = await greeted();
  const idle = await greeted();
  await envelope(busy, "a@b.example", "alice");
  await busy.write("x\r\n.\r\n");
  const drained = lmtp.drain(10_000);
  expect(await idle.reply()).toBe("421 4.3.2 Server is shutting down");
  expect(await idle.reply()).toBeNull();
  open();
  expect(await busy.reply()).toStartWith("250 2.0.0 ");
  expect(await busy.reply()).toBe("421 4.3.2 Server is shutting down");
  busy.close();
  idle.close();
  await drained;
});
