import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { flood } from "./flood.ts";
import { Imap, startVictim, type Victim, whileAttacked } from "./victim.ts";

// A stranger's round of NOOP and FETCH stays below this while others attack, milliseconds: far above what it takes,
// far below what anybody would call harm.
const prompt = 3_000;

let victim: Victim;

beforeAll(async () => {
  victim = await startVictim({ EIDER_LIMITS_MESSAGE_SIZE: "32M", EIDER_IMAP_MAX_CONNECTIONS_PER_USER: "200" });
  for (const name of ["bystander", "mallory", "alice"]) await victim.addUser(name);
  // The first of everything allocates; what is measured comes after.
  const client = await Imap.inInbox(victim.imap, "bystander");
  await client.append("Subject: here\r\n\r\nI am.\r\n");
  client.close();
});
afterAll(async () => {
  const errors = victim.errors();
  expect(await victim.stop()).toBe(0);
  expect(errors).toEqual([]);
});

describe("clients that do not read", () => {
  test("FETCH of 200 MB costs the server a few pages, not the messages", async () => {
    const client = await Imap.inInbox(victim.imap, "mallory");
    expect(await client.append(`Subject: big\r\n\r\n${`${"x".repeat(998)}\r\n`.repeat(20_000)}`)).toStartWith("OK");
    await client.ok("CREATE Big");
    for (let copy = 0; copy < 10; copy++) await client.ok("COPY 1 Big");
    await client.ok("SELECT Big");
    await client.ok("FETCH 1 (BODY.PEEK[])");
    const before = victim.rss();
    client.wire.pause();
    let most = 0;
    const slowest = await whileAttacked(victim, "bystander", async () => {
      client.wire.say("big FETCH 1:10 (BODY.PEEK[])\r\n");
      for (let look = 0; look < 10; look++) {
        await Bun.sleep(100);
        most = Math.max(most, victim.rss() - before);
      }
    });
    client.close();
    expect(most).toBeLessThan(60);
    expect(slowest).toBeLessThan(prompt);
  }, 60_000);

  test("commands sent without end and without reading the answers stop being taken", async () => {
    const before = victim.rss();
    let most = 0;
    const slowest = await whileAttacked(victim, "bystander", async () => {
      const attack = await flood(
        victim.imap,
        "a LOGIN mallory secret\r\n",
        "c CAPABILITY\r\n".repeat(2_000),
        200_000_000,
      );
      most = victim.rss() - before;
      expect(attack.taken).toBeLessThan(60_000_000);
      attack.close();
    });
    expect(most).toBeLessThan(80);
    expect(slowest).toBeLessThan(prompt);
  }, 60_000);
});

/** Says something odd and expects a tagged answer of that shape, and the session alive after it. */
async function answered(client: Imap, command: string, answer: RegExp): Promise<void> {
  expect(await client.tagged(command)).toMatch(answer);
  expect(await client.tagged("NOOP")).toBe("OK NOOP completed");
}

describe("lines and literals", () => {
  test("too long, with NUL, half, bare CR: BAD, and the session goes on", async () => {
    const client = await Imap.inInbox(victim.imap, "mallory");
    await answered(client, `SEARCH SUBJECT ${"x".repeat(70_000)}`, /^BAD SEARCH: Line is too long/);
    await answered(client, "SEARCH SUBJECT {70000}", /^BAD SEARCH: Literal is too big/);
    await answered(client, "APPEND INBOX {33554433}", /^NO \[TOOBIG\]/);
    await answered(client, "APPEND INBOX {99999999999999999999}", /^(NO \[TOOBIG\]|BAD)/);
    await answered(client, "SEARCH SUBJECT a\0b", /^BAD/);
    await answered(client, "SEARCH SUBJECT a\rb", /^BAD/);
    await answered(client, "FETCH 1 (FLAGS", /^BAD/);
    await answered(client, "\xff\xfe\xfd", /^BAD/);
    await answered(client, 'LOGIN "', /^BAD/);
    client.close();
  });

  test("a line without end is cut off long before it fills memory", async () => {
    const before = victim.rss();
    const slowest = await whileAttacked(victim, "bystander", async () => {
      const attack = await flood(victim.imap, "a LOGIN ", "x".repeat(64 * 1024), 300_000_000);
      expect(attack.taken).toBeLessThan(30_000_000);
      attack.close();
    });
    expect(victim.rss() - before).toBeLessThan(60);
    expect(slowest).toBeLessThan(prompt);
  }, 30_000);

  test("literals that lie, and clients that leave in the middle, leave nothing behind", async () => {
    const watcher = await Imap.inInbox(victim.imap, "alice");
    const halves = ["INBOX {30000000}\r\n", "INBOX {30000000+}\r\nhalf", "INBOX {100+}\r\nfew", "INBOX (\\Seen) {"];
    for (let round = 0; round < 25; round++) {
      await Promise.all(
        halves.map(async (half) => {
          const client = await Imap.inInbox(victim.imap, "alice");
          client.wire.say(`x APPEND ${half}`);
          if (half.includes("30000000+")) client.wire.sayOctets(Buffer.alloc(1_000_000, "y"));
          await client.wire.hear(50).catch(() => null);
          client.close();
        }),
      );
    }
    // A hundred uploads were begun and none ended: were they kept, the account would have no room for another.
    expect(await watcher.append(`Subject: whole\r\n\r\n${"z\r\n".repeat(100_000)}`)).toStartWith("OK");
    expect((await watcher.ok("STATUS INBOX (MESSAGES)"))[0]).toContain("MESSAGES 1");
    watcher.close();
  }, 30_000);

  test("messages half sent by many are held in memory up to a bound only", async () => {
    const clients = await Promise.all(Array.from({ length: 120 }, () => Imap.inInbox(victim.imap, "mallory")));
    const before = victim.rss();
    await Promise.all(
      clients.map(async (client, n) => {
        client.wire.say("x APPEND INBOX {8000000}\r\n");
        expect(await client.wire.hear()).toStartWith("+");
        client.wire.sayOctets(Buffer.alloc(7_900_000, "y"));
        // Of the first few the last octets are sent as well: they are whole, whatever became of the others.
        if (n < 4) {
          client.wire.sayOctets(Buffer.alloc(100_000, "z"));
          client.wire.say("\r\n");
          expect((await client.until("x")).at(-1)).toStartWith("OK");
        }
      }),
    );
    const watcher = await Imap.inInbox(victim.imap, "bystander");
    await watcher.ok("NOOP");
    // Of 950 MB; what has only passed through goes when the collector looks.
    let grown = victim.rss() - before;
    for (let looks = 0; looks < 100 && grown >= 300; looks++) {
      await Bun.sleep(100);
      grown = victim.rss() - before;
    }
    for (const client of clients) client.close();
    expect(grown).toBeLessThan(300);
    watcher.close();
  }, 30_000);

  test("a message in pieces that come as fast as they can is the same message", async () => {
    const client = await Imap.inInbox(victim.imap, "alice");
    await client.ok("CREATE Pieces");
    await client.ok("SELECT Pieces");
    let body = "";
    for (let line = 0; body.length < 20_000_000; line++) body += `${line} ${"abcdefghij".repeat(20)}\r\n`;
    const message = `Subject: pieces\r\n\r\n${body}`;
    expect(await client.append(message, "Pieces")).toStartWith("OK");
    const heard = (await client.ok("FETCH 1 (BODY.PEEK[])"))[0]!;
    expect(heard.length).toBe(message.length + heard.indexOf("\r\n") + 2 + 1);
    expect(Bun.hash(heard.slice(heard.indexOf("\r\n") + 2, -1))).toBe(Bun.hash(message));
    client.close();
  }, 30_000);

  test("commands that come octet by octet keep nobody waiting", async () => {
    const client = await Imap.connect(victim.imap);
    const slowest = await whileAttacked(victim, "bystander", async () => {
      for (const octet of "a LOGIN alice secret\r\n") {
        client.wire.say(octet);
        await Bun.sleep(5);
      }
      expect((await client.until("a")).at(-1)).toStartWith("OK");
    });
    expect(slowest).toBeLessThan(prompt);
    client.close();
  });
});

describe("arguments", () => {
  test("sets as large as numbers go cost nothing", async () => {
    const client = await Imap.inInbox(victim.imap, "bystander");
    const began = performance.now();
    expect(await client.tagged("UID FETCH 1:4294967295 (UID)")).toStartWith("OK");
    expect(await client.tagged("UID FETCH *:* (UID)")).toStartWith("OK");
    expect(await client.tagged("FETCH *:* (UID)")).toStartWith("OK");
    expect(await client.tagged("FETCH 1:4294967295 (UID)")).toStartWith("BAD");
    expect(await client.tagged("UID FETCH 0 (UID)")).toStartWith("BAD");
    expect(await client.tagged("UID FETCH 4294967296 (UID)")).toStartWith("BAD");
    expect(await client.tagged("UID STORE 1:4294967295 -FLAGS.SILENT (\\Draft)")).toStartWith("OK");
    expect(await client.tagged("UID SEARCH UID 1:4294967295,*:1,4294967295:*")).toStartWith("OK");
    let ones = "1";
    while (ones.length < 60_000) ones += `,${ones.length}:4294967295`;
    expect(await client.tagged(`UID FETCH ${ones} (UID)`)).toStartWith("OK");
    expect(await client.tagged(`UID SEARCH NOT UID ${ones}`)).toStartWith("OK");
    expect(performance.now() - began).toBeLessThan(prompt);
    client.close();
  });

  test("SEARCH with a thousand keys over a large folder, ten times at once, keeps nobody waiting", async () => {
    const client = await Imap.inInbox(victim.imap, "mallory");
    await client.ok("CREATE large");
    for (let n = 0; n < 50; n++) await client.append(`Subject: ${n}\r\n\r\nx\r\n`, "large");
    await client.ok("SELECT large");
    for (let messages = 50; messages < 50_000; messages *= 2) await client.ok("COPY 1:* large", 60_000);
    const keys = Array.from({ length: 490 }, (_, n) => `NOT KEYWORD k${n}`).join(" ");
    const sessions = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const session = await Imap.connect(victim.imap);
        await session.ok("LOGIN mallory secret");
        await session.ok("EXAMINE large");
        return session;
      }),
    );
    const slowest = await whileAttacked(victim, "bystander", async () => {
      const searched = sessions.map((session) => session.ok(`SEARCH ${keys} NOT ALL`, 120_000));
      for (const heard of await Promise.all(searched)) expect(heard[0]).toBe("* SEARCH");
    });
    expect(slowest).toBeLessThan(1_000);
    for (const session of sessions) session.close();
    client.close();
  }, 120_000);

  test("SEARCH nested without end is NO [LIMIT]; a hundred texts at once keep others waiting for no long", async () => {
    const client = await Imap.inInbox(victim.imap, "mallory");
    await answered(client, `SEARCH ${"(".repeat(10_000)}ALL${")".repeat(10_000)}`, /^NO \[LIMIT\]/);
    await answered(client, `SEARCH ${"NOT ".repeat(10_000)}ALL`, /^NO \[LIMIT\]/);
    await answered(client, `SEARCH ${"OR ALL ".repeat(8_000)}ALL`, /^NO \[LIMIT\]/);
    await answered(client, `SEARCH ${"ALL ".repeat(6_000)}ALL`, /^NO \[LIMIT\]/);
    await answered(client, "SEARCH CHARSET nonsense TEXT x", /^NO \[BADCHARSET/);
    await answered(client, `SEARCH ${"NOT TEXT x ".repeat(101)}ALL`, /^NO \[LIMIT\]/);
    const slowest = await whileAttacked(victim, "bystander", async () => {
      const keys = Array.from({ length: 100 }, (_, n) => `TEXT nowhere${n}`);
      expect(await client.tagged(`SEARCH ${keys.map((key) => `NOT ${key}`).join(" ")}`, 60_000)).toMatch(
        /^(OK|NO|BAD)/,
      );
    });
    expect(slowest).toBeLessThan(prompt);
    client.close();
  }, 60_000);

  test("flags and keywords are limited", async () => {
    const client = await Imap.inInbox(victim.imap, "alice");
    await client.append("Subject: flags\r\n\r\n");
    await answered(client, `STORE 1 +FLAGS (${"k".repeat(60_000)})`, /^(NO|BAD)/);
    await answered(client, "STORE 1 +FLAGS (\\Nonsense)", /^(NO|BAD|OK)/);
    await answered(client, "STORE 1 +FLAGS (a\rb)", /^BAD/);
    let refused = 0;
    for (let batch = 0; batch < 20; batch++) {
      const names = Array.from({ length: 500 }, (_, n) => `kw${batch}x${n}`).join(" ");
      if (!(await client.tagged(`STORE 1 +FLAGS.SILENT (${names})`)).startsWith("OK")) refused++;
    }
    expect(refused).toBeGreaterThan(0);
    expect((await client.ok("FETCH 1 (FLAGS)"))[0]!.length).toBeLessThan(200_000);
    client.close();
  }, 30_000);

  test("mailbox names: what cannot be one is refused, and nothing is left of it", async () => {
    const client = await Imap.inInbox(victim.imap, "alice");
    const refused = [
      '"&"',
      '"&AAA-"',
      '"&AGE-"',
      '"&2AA-"',
      '"&3AA-"',
      '"&Jjo"',
      '"a\u0001b"',
      '"a\u007fb"',
      '"&AAoADQ-"',
      '""',
      '"/"',
      '"a//b"',
      `"${"n".repeat(5_000)}"`,
      `"${"d/".repeat(5_000)}x"`,
      "INBOX",
    ];
    const before = (await client.ok('LIST "" *')).length;
    for (const name of refused)
      expect([name, await client.tagged(`CREATE ${name}`)]).toEqual([name, expect.stringMatching(/^(NO|BAD)/)]);
    expect((await client.ok('LIST "" *')).length).toBe(before);
    for (const name of ['"../../etc/passwd"', '"*"', '"%"', '"a%b*c"']) {
      const answer = await client.tagged(`CREATE ${name}`);
      if (answer.startsWith("OK")) await client.ok(`DELETE ${name}`);
    }
    const pattern = "*%".repeat(20_000);
    const began = performance.now();
    await client.ok(`LIST "" "${pattern}"`);
    await client.ok(`LIST "" "${"*a".repeat(500)}"`);
    for (const much of ["*a", "%/"]) {
      expect(await client.tagged(`LIST "" "${much.repeat(15_000)}"`)).toMatch(/^NO \[LIMIT\]/);
    }
    expect(performance.now() - began).toBeLessThan(prompt);
    client.close();
  }, 30_000);

  test("thousands of mailboxes are made, listed and left, and others do not wait for it", async () => {
    const client = await Imap.inInbox(victim.imap, "mallory");
    const slowest = await whileAttacked(victim, "bystander", async () => {
      for (let n = 0; n < 2_000; n++) client.wire.say(`m${n} CREATE many/box${n}\r\n`);
      expect((await client.until("m1999", 30_000)).at(-1)).toMatch(/^(OK|NO)/);
      expect((await client.ok('LIST "" *')).length).toBeLessThan(12_000);
    });
    expect(slowest).toBeLessThan(prompt);
    client.close();
  }, 60_000);
});

describe("who may", () => {
  test("what is sent in clear text behind STARTTLS is never carried out", async () => {
    const client = await Imap.connect(victim.imap);
    client.wire.say("a STARTTLS\r\nb LOGIN alice secret\r\nc CREATE injected\r\n");
    expect((await client.until("a")).at(-1)).toStartWith("OK");
    await client.wire.startTls();
    expect(await client.tagged('LIST "" *')).toStartWith("BAD");
    client.close();
  });

  test("nobody gets at another user's mail by any name for it", async () => {
    const client = await Imap.inInbox(victim.imap, "mallory");
    for (const name of [
      '"#user/alice"',
      '"~alice/INBOX"',
      '"/alice/INBOX"',
      '"../alice/INBOX"',
      '"user.alice"',
      '"Other Users/alice"',
    ]) {
      expect(await client.tagged(`SELECT ${name}`)).toStartWith("NO");
      expect(await client.tagged(`STATUS ${name} (MESSAGES)`)).toStartWith("NO");
    }
    expect(await client.tagged("LOGIN alice secret")).toStartWith("BAD");
    client.close();
    const acting = await Imap.connect(victim.imap);
    const plain = Buffer.from("alice\0mallory\0secret").toString("base64");
    expect(await acting.tagged(`AUTHENTICATE PLAIN ${plain}`)).toStartWith("NO");
    acting.close();
  });

  test("before login nothing but logging in is to be had", async () => {
    const client = await Imap.connect(victim.imap);
    for (const command of [
      "SELECT INBOX",
      'LIST "" *',
      "FETCH 1 (FLAGS)",
      "IDLE",
      "APPEND INBOX {5}",
      "STORE 1 FLAGS ()",
    ]) {
      expect(await client.tagged(command)).toStartWith("BAD");
    }
    client.close();
  });
});
