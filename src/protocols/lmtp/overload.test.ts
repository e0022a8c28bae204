import { afterEach, expect, test } from "bun:test";
import { selfSigned } from "../../operation/self-signed.ts";
import { Admission } from "../admission.ts";
import { RawClient } from "../raw-client.fixture.ts";
import type { Listening } from "../services.ts";
import { lmtpOptions, RecordingServices } from "./recording-services.fixture.ts";
import { startLmtp } from "./start-lmtp.ts";

/** A server with so few places, on a clock that stands still: nothing here depends on how quick anything is. */
const most = 4;
const { key, cert } = selfSigned({
  names: ["mail.example"],
  organization: "Test",
  from: new Date(Date.now() - 60_000),
  until: new Date(Date.now() + 3_600_000),
});
const mail = "MAIL FROM:<a@b.example>";
const rcpt = "RCPT TO:<alice@localhost>";
const busy = "451 4.3.2 Server is busy, try again later";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function scene() {
  const world = new RecordingServices();
  world.tls = { key, cert };
  let now = 0;
  const admission = new Admission(most, () => now);
  const refused: string[] = [];
  const asked: string[] = [];
  let answered = () => {};
  const anAnswer = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const services = world.services();
  const lmtp: Listening = await startLmtp(
    {
      ...services,
      accounts: {
        ...services.accounts,
        ask: (account, request) => {
          asked.push(request.kind);
          return services.accounts.ask(account, request);
        },
      },
      metrics: {
        ...services.metrics,
        refused: (_, reason) => void refused.push(reason),
        command: (_, name) => {
          if (name === "DATA") answered();
        },
      },
    },
    lmtpOptions,
    admission,
  );
  const clients: RawClient[] = [];
  closing.push(async () => {
    for (const client of clients) client.close();
    await lmtp.drain(100);
  });
  const client = async (...lines: string[]): Promise<RawClient> => {
    const opened = await RawClient.open(lmtp.addresses[0]!.port);
    clients.push(opened);
    await opened.reply();
    for (const line of ["LHLO client.example", ...lines]) expect(await opened.command(line)).toMatch(/^[23]/);
    return opened;
  };
  return {
    world,
    asked,
    /** A message has been answered. */
    anAnswer,
    refused,
    client,
    connections: lmtp.connections,
    inside: () => admission.gauges().inside,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test("a transaction that finds no place is refused at MAIL, whatever was sent along with it, and may begin again", async () => {
  const { client, inside, refused } = await scene();
  const others = await Promise.all(Array.from({ length: most }, () => client(mail)));
  const late = await client();
  await late.write(`${mail}\r\n${rcpt}\r\n${rcpt}\r\nDATA\r\n`);
  expect(await late.reply()).toBe(busy);
  for (let at = 0; at < 3; at++) expect(await late.reply()).toBe("503 5.5.1 No transaction has begun");
  await late.write(`mail from:<>\r\nNOOP\r\n${rcpt}\r\nRSET\r\n${mail}\r\nQUIT\r\n`);
  for (const reply of [busy, "250 2.0.0 OK", "503 5.5.1 ", "250 2.0.0 Flushed", busy, "221 "]) {
    expect(await late.reply()).toStartWith(reply);
  }
  expect(inside()).toBe(most);
  expect(refused).toEqual(["deliveries", "deliveries", "deliveries"]);
  const next = await client();
  expect(await next.command(mail)).toBe(busy);
  expect(await others[0]!.command("RSET")).toStartWith("250 ");
  for (const line of [mail, rcpt, "DATA"]) expect(await next.command(line)).toMatch(/^[23]/);
  expect(await next.command("x\r\n.")).toStartWith("250 2.0.0 ");
  expect(inside()).toBe(most - 1);
});

test("what is no MAIL that could begin is answered as ever: no greeting before, nested, TLS first", async () => {
  const { client } = await scene();
  const [one] = await Promise.all(Array.from({ length: most }, () => client(mail)));
  expect(await one!.command(mail)).toBe("503 5.5.1 Error: nested MAIL command");
  const unnamed = await client();
  await unnamed.write("STARTTLS\r\n");
  expect(await unnamed.reply()).toStartWith("220 ");
  await unnamed.secure();
  expect(await unnamed.command(mail)).toStartWith("503 5.5.1 ");
  expect(await unnamed.command("LHLO client.example")).toStartWith("250-");
  expect(await unnamed.command(mail)).toBe(busy);
});

/** How a client may stop, and what it said before. */
const ends: Record<string, readonly [readonly string[], (client: RawClient) => Promise<unknown>]> = {
  "dies behind MAIL": [[mail], async (client) => client.close()],
  "dies behind RCPT": [[mail, rcpt], async (client) => client.close()],
  "dies behind a refused RCPT": [
    [mail],
    async (client) => {
      await client.command("RCPT TO:<nobody@localhost>");
      client.close();
    },
  ],
  "dies behind DATA": [[mail, rcpt, "DATA"], async (client) => client.close()],
  "dies in its message": [
    [mail, rcpt, "DATA"],
    async (client) => {
      await client.write("Subject: x\r\n\r\nhalf a li");
      client.close();
    },
  ],
  "dies in a large message": [
    [mail, rcpt, "DATA"],
    async (client) => {
      await client.write(Buffer.alloc(600 * 1024, "z"));
      client.close();
    },
  ],
  "says RSET": [[mail, rcpt], (client) => client.command("RSET")],
  "says LHLO": [[mail, rcpt], (client) => client.command("LHLO again.example")],
  "says QUIT": [[mail, rcpt], (client) => client.command("QUIT")],
  "says nonsense without an end": [[mail, rcpt], (client) => client.command("x".repeat(5000))],
  "starts TLS": [
    [mail, rcpt],
    async (client) => {
      await client.command("STARTTLS");
      await client.secure();
      await client.command("NOOP");
    },
  ],
  "dies in the handshake": [
    [mail, rcpt],
    async (client) => {
      await client.command("STARTTLS");
      client.close();
    },
  ],
  "dies behind MAIL over TLS": [
    [],
    async (client) => {
      await client.command("STARTTLS");
      await client.secure();
      for (const line of ["LHLO client.example", mail]) await client.command(line);
      client.close();
    },
  ],
  "has its message refused for its size": [
    ["MAIL FROM:<a@b.example>", rcpt, "DATA"],
    async (client) => {
      await client.write(Buffer.alloc(lmtpOptions.messageSize + 1024, "z"));
      expect(await client.command("\r\n.")).toStartWith("552 5.3.4 ");
    },
  ],
};
for (const [how, [before, end]] of Object.entries(ends)) {
  test(`a client that ${how} leaves its place`, async () => {
    const { client, inside, world } = await scene();
    const leaving = await client(...before);
    expect(inside()).toBe(before.length > 0 ? 1 : 0);
    await end(leaving);
    await world.until(() => inside() === 0);
  });
}

test("a client that dies while its message is being stored holds its place until that is done, and no longer", async () => {
  const { client, inside, world, asked, anAnswer, connections } = await scene();
  let open = () => {};
  world.gate = new Promise((resolve) => {
    open = resolve;
  });
  const dying = await client(mail, rcpt, "DATA");
  await dying.write("x\r\n.\r\n");
  await world.until(() => asked.includes("change"));
  dying.reset();
  await world.until(() => connections() === 0);
  expect(inside()).toBe(1);
  open();
  await anAnswer;
  expect(inside()).toBe(0);
  expect(world.recorded.length).toBe(1);
});

test("clients that send slowly hold all places for a moment only, and never more than four times as many", async () => {
  const { client, inside, pass } = await scene();
  const slow = () => Promise.all(Array.from({ length: most }, () => client(mail, rcpt, "DATA")));
  const all = await slow();
  const honest = await client();
  expect(await honest.command(mail)).toBe(busy);
  for (let times = 1; times < 4; times++) {
    pass(2000);
    all.push(...(await slow()));
  }
  pass(2000);
  expect(inside()).toBe(4 * most);
  expect(await honest.command(mail)).toBe(busy);
  all[0]!.close();
  for (const one of all.slice(1)) expect(await one.command("x\r\n.")).toStartWith("250 ");
  expect(await honest.command(mail)).toStartWith("250 ");
});

test("one account has a quarter of the places while the server is overloaded: 451 4.3.2 at RCPT, the others go on", async () => {
  const { client, refused } = await scene();
  const holders = await Promise.all(Array.from({ length: most }, () => client(mail)));
  expect(await (await client()).command(mail)).toBe(busy);
  expect(await holders[0]!.command(rcpt)).toStartWith("250 ");
  // The same account again in one transaction is the same place.
  expect(await holders[0]!.command("RCPT TO:<alias-alice@localhost>")).toStartWith("250 ");
  expect(await holders[1]!.command(rcpt)).toBe("451 4.3.2 Mailbox is busy, try again later");
  expect(await holders[1]!.command("RCPT TO:<bob@localhost>")).toStartWith("250 ");
  expect(await holders[1]!.command("DATA")).toStartWith("354 ");
  expect(await holders[1]!.command("x\r\n.")).toStartWith("250 2.0.0 ");
  expect(await holders[0]!.command("RSET")).toStartWith("250 ");
  expect(await holders[2]!.command(rcpt)).toStartWith("250 ");
  expect(refused).toEqual(["deliveries", "account"]);
});

test("refusals that wait for their turn are all said, and nobody waits for a client that has gone meanwhile", async () => {
  const { client } = await scene();
  await Promise.all(Array.from({ length: most }, () => client(mail)));
  const many = await Promise.all(Array.from({ length: 80 }, () => client()));
  for (const one of many) await one.write(`${mail}\r\n${rcpt}\r\n`.repeat(5));
  const [gone, waiting] = [many.slice(0, 40), many.slice(40)];
  for (const one of gone) one.close();
  for (const one of waiting) {
    for (let at = 0; at < 5; at++) {
      expect(await one.reply()).toBe(busy);
      expect(await one.reply()).toStartWith("503 5.5.1 ");
    }
  }
});
