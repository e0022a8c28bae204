import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Imap, startVictim, type Victim, whileAttacked } from "./victim.ts";

const prompt = 3_000;
/** What one message may take to be read in every way there is, milliseconds. */
const patience = 20_000;
/** And what it may add to the server's memory, MB: its parts of a few times over, given back in the collector's own time. */
const memory = 600;

let victim: Victim;
let client: Imap;
let inbox: string;

beforeAll(async () => {
  victim = await startVictim();
  await victim.addUser("bystander");
  const id = await victim.addUser("mallory");
  client = await Imap.inInbox(victim.imap, "mallory");
  const { results } = (await (await victim.api(`/users/${id}/mailboxes`)).json()) as {
    results: { id: string; path: string }[];
  };
  inbox = `/users/${id}/mailboxes/${results.find(({ path }) => path === "INBOX")!.id}`;
});
afterAll(async () => {
  client.close();
  const errors = victim.errors();
  expect(await victim.stop()).toBe(0);
  expect(errors).toEqual([]);
});

const times = (text: string, count: number): string => text.repeat(count);
const numbered = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => line(n)).join("");

/** Messages that nobody but an attacker writes. */
const messages: Record<string, string> = {
  "multiparts nested 1,000 deep": `${numbered(1_000, (n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`)}\r\nx\r\n`,
  "messages nested 1,000 deep": `${times("Content-Type: message/rfc822\r\n\r\n", 1_000)}Subject: end\r\n\r\nx\r\n`,
  "100,000 parts": `Content-Type: multipart/mixed; boundary=b\r\n\r\n${times("--b\r\n\r\nx\r\n", 100_000)}--b--\r\n`,
  "100,000 attachments": `Content-Type: multipart/mixed; boundary=b\r\n\r\n${times("--b\r\nContent-Type: application/x; name=a\r\nContent-Disposition: attachment\r\n\r\nx\r\n", 100_000)}--b--\r\n`,
  "a subject of 8 MB": `Subject: ${times("x", 8_000_000)}\r\n\r\nx\r\n`,
  "a subject of a million lines": `Subject: x${times("\r\n y", 1_000_000)}\r\n\r\nx\r\n`,
  "300,000 header fields": `${times("X-A: b\r\n", 300_000)}\r\nx\r\n`,
  "500,000 addresses": `To: ${times("a@b.c, ", 500_000)}\r\n\r\nx\r\n`,
  "300,000 groups": `To: ${times("g:a@b;", 300_000)}\r\n\r\nx\r\n`,
  "a million comments opened": `To: ${times("(", 1_000_000)}\r\nDate: ${times("(", 1_000_000)}\r\n\r\nx\r\n`,
  "300,000 encoded words": `Subject: ${times("=?utf-8?q?=41?= ", 300_000)}\r\n\r\nx\r\n`,
  "a million encoded words begun": `Subject: ${times("=?utf-8?q?", 500_000)}${times("=?", 500_000)}\r\n\r\nx\r\n`,
  "200,000 parameters": `Content-Type: text/plain${numbered(200_000, (n) => `; name*${n}*=%41`)}\r\n\r\nx\r\n`,
  "a boundary of 60,000 characters": `Content-Type: multipart/mixed; boundary="${times("-", 60_000)}"\r\n\r\n${times(`--${times("-", 59_999)}x\r\n`, 50)}`,
  "a million references": `References: ${times("<a@b> ", 500_000)}${times("<", 500_000)}\r\n\r\nx\r\n`,
  "8-bit and invalid UTF-8 in its header":
    "Subject: \xff\xfe\xc3\x28 \xe9\r\nFrom: \xff <\xfe@\xfd>\r\nContent-Type: \xff/\xfe; \xfd=\xfc\r\n\r\n\xff\xfe\xfd\r\n",
  "an unknown charset": "Subject: =?x-nobody?q?=ff?=\r\nContent-Type: text/plain; charset=x-nobody\r\n\r\n\xff\xfe\r\n",
  "a charset with states, unfinished": `Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n${times("\x1b$B", 300_000)}`,
  "UTF-7 without end": `Content-Type: text/plain; charset=utf-7\r\n\r\n${times("+AGE", 500_000)}`,
  "base64 that is none": `Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n${times("!=A", 500_000)}`,
  "quoted-printable that is none": `Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${times("=", 1_000_000)}`,
  "HTML 400,000 levels deep": `Content-Type: text/html\r\n\r\n${times("<div>", 400_000)}`,
  "HTML of half tags": `Content-Type: text/html\r\n\r\n${times("<", 500_000)}${times("<!-- ", 200_000)}${times('<a "', 200_000)}`,
  "nothing but NUL": times("\0", 1_000_000),
  "nothing but CR": `Subject: x\r\n\r\n${times("\r", 1_000_000)}`,
  "flowed text of quotes and blanks": `Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n${times("> ", 500_000)}\r\n${times(" \r\n", 300_000)}`,
  "no header and no body": "\r\n",
};

describe("every message can be read in every way, by its owner, while others work", () => {
  for (const [name, message] of Object.entries(messages)) {
    test(name, async () => {
      const before = victim.rss();
      const slowest = await whileAttacked(victim, "bystander", async () => {
        const began = performance.now();
        const appended = await client.append(message);
        const uid = /APPENDUID \d+ (\d+)/.exec(appended)?.[1];
        expect([appended, uid]).toEqual([appended, expect.any(String)]);
        for (const items of [
          "ENVELOPE",
          "BODYSTRUCTURE",
          "BODY.PEEK[1.1.1] BODY.PEEK[1.MIME] BODY.PEEK[HEADER.FIELDS (SUBJECT TO)]",
        ]) {
          await client.ok(`UID FETCH ${uid} (${items})`, patience);
        }
        await client.ok(`UID SEARCH CHARSET UTF-8 UID ${uid} OR TEXT nowhere SUBJECT nothing`, patience);
        const whole = (await client.ok(`UID FETCH ${uid} (BODY.PEEK[])`, patience))[0]!;
        expect(whole.includes(message.replaceAll("\0", "\x80"))).toBe(true);
        const listed = await victim.api(`${inbox}/messages?limit=250`);
        expect(listed.status).toBe(200);
        const shown = await victim.api(`${inbox}/messages/${uid}`);
        expect([shown.status, ((await shown.json()) as { success: boolean }).success]).toEqual([200, true]);
        expect(performance.now() - began).toBeLessThan(patience);
        await client.ok(`UID STORE ${uid} +FLAGS.SILENT (\\Deleted)`);
        await client.ok("EXPUNGE");
      });
      expect(slowest).toBeLessThan(prompt);
      expect(victim.rss() - before).toBeLessThan(memory);
    }, 60_000);
  }
});
