import { afterAll, beforeAll, expect, test } from "bun:test";
import { ImapClient } from "../../../../test/transcripts/imap-client.ts";
import { Stage } from "../../../../test/transcripts/stage.ts";
import { imapCommands } from "./index.ts";

/**
 * Every command that takes a mailbox name, with the same odd spellings: they find the same mailbox, and what no
 * mailbox can be called is NO, with nothing changed.
 */
let stage: Stage;
let client: ImapClient;
beforeAll(async () => {
  stage = await Stage.open();
  client = await ImapClient.connect(stage);
  await client.ok(`LOGIN ${(await stage.newUser()).name} secret`);
});
afterAll(async () => {
  client.close();
  await stage.close();
  expect(stage.errors).toEqual([]);
});

const message = "Subject: x\r\n\r\nx\r\n";
const append = `{${message.length}+}\r\n${message}`;

/** What each command says of a mailbox; `before` makes what it needs, where that is not just the mailbox. */
type Case = { readonly say: (name: string) => string; readonly before?: string };
const withName: Readonly<Record<string, readonly Case[]>> = {
  APPEND: [{ say: (name) => `APPEND ${name} ${append}` }],
  COPY: [{ say: (name) => `COPY 1 ${name}` }, { say: (name) => `UID COPY 1 ${name}` }],
  // The name is in use already, whichever way it is spelt.
  CREATE: [{ say: (name) => `CREATE ${name}`, before: "DELETE INBOX/Gr&APw-n" }],
  DELETE: [{ say: (name) => `DELETE ${name}` }],
  EXAMINE: [{ say: (name) => `EXAMINE ${name}` }],
  GETQUOTAROOT: [{ say: (name) => `GETQUOTAROOT ${name}` }],
  MOVE: [{ say: (name) => `MOVE 1 ${name}` }],
  RENAME: [
    { say: (name) => `RENAME ${name} Elsewhere` },
    { say: (name) => `RENAME Other ${name}`, before: "DELETE INBOX/Gr&APw-n" },
  ],
  SELECT: [{ say: (name) => `SELECT ${name}` }],
  STATUS: [{ say: (name) => `STATUS ${name} (MESSAGES)` }],
  SUBSCRIBE: [{ say: (name) => `SUBSCRIBE ${name}` }],
  UNSUBSCRIBE: [{ say: (name) => `UNSUBSCRIBE ${name}`, before: "SUBSCRIBE INBOX/Gr&APw-n" }],
};
const listing: Readonly<Record<string, (name: string) => readonly string[]>> = {
  LIST: (name) => [`LIST "" ${name}`, `LIST "" (${name})`, `LIST ${name} ""`],
  LSUB: (name) => [`LSUB "" ${name}`],
  XLIST: (name) => [`XLIST "" ${name}`],
};
/** No mailbox is named by these. */
const nameless = new Set(
  (
    "AUTHENTICATE CAPABILITY CHECK CLOSE ENABLE EXPUNGE FETCH GETQUOTA ID IDLE LOGIN LOGOUT NAMESPACE NOOP SEARCH " +
    "SETQUOTA STARTTLS STORE UNSELECT"
  ).split(" "),
);

const usual = "INBOX/Gr&APw-n";
const spellings = [
  "Inbox/Gr&APw-n",
  '"inbox/Gr&APw-n"',
  "{14+}\r\niNBOx/Gr&APw-n",
  // u and a combining diaeresis
  "INBOX/Gru&Awg-n",
  "INBOX/Gr&APw-n/",
  "/INBOX/Gr&APw-n",
  "/inbox/Gru&Awg-n/",
];
const impossible = ['"a&b"', '"Gr\u00fcn"', "INBOX//x", "//INBOX", '""', "/", "{3+}\r\na\nb"];

test("every command is known to take a mailbox name or not to", () => {
  for (const { name } of imapCommands) {
    expect([name, name in withName || name in listing || nameless.has(name)]).toEqual([name, true]);
  }
});

/** One message in INBOX, which is selected, and the mailboxes INBOX/Grün and Other: all as if nothing had been before. */
async function scene(): Promise<void> {
  for (const path of ["INBOX/Gr&APw-n", "Other", "Elsewhere"]) {
    await client.ask(`DELETE ${path}`);
    await client.ok(`UNSUBSCRIBE ${path}`);
  }
  await client.ok(`CREATE ${usual}`);
  await client.ok("CREATE Other");
  await client.ok(`APPEND INBOX ${append}`);
  await client.ok("SELECT INBOX");
  await client.ask("STORE 2:* +FLAGS.SILENT (\\Deleted)");
  await client.ok("EXPUNGE");
}

/** Every mailbox with what is in it, and the subscriptions. */
async function inventory(): Promise<string[]> {
  const { lines } = await client.ok('LIST "" * RETURN (SUBSCRIBED STATUS (MESSAGES))');
  return lines.filter((line) => /^\* (LIST|STATUS)/.test(line));
}

for (const [name, cases] of Object.entries(withName)) {
  for (const { say, before } of cases) {
    test(`${say("NAME").split("\r\n")[0]}: all spellings mean one mailbox`, async () => {
      const heard = async (spelling: string): Promise<unknown> => {
        await scene();
        if (before !== undefined) await client.ok(before);
        const { lines, tagged } = await client.ask(say(spelling));
        const said = [...lines, tagged].map((line) => line.replace(/^t\d+ |\[(\w+) [\d :]+\]/g, "$1"));
        return { said, inventory: await inventory() };
      };
      const expected = await heard(usual);
      expect(expected).toHaveProperty("said", expect.arrayContaining([expect.stringMatching(/^OK/)]));
      for (const spelling of spellings) expect([spelling, await heard(spelling)]).toEqual([spelling, expected]);
    });

    test(`${say("NAME").split("\r\n")[0]}: what no mailbox can be called is NO`, async () => {
      await scene();
      const there = await inventory();
      for (const spelling of impossible) {
        const { tagged } = await client.ask(say(spelling));
        expect([spelling, tagged]).toEqual([spelling, expect.stringMatching(/^\S+ NO \[CANNOT\]/)]);
        expect(await inventory()).toEqual(there);
        // RFC 3501 §6.3.1: after a SELECT that fails no mailbox is selected.
        const selected = (await client.ask("FETCH 1 UID")).tagged.includes(" OK ");
        expect([spelling, selected]).toEqual([spelling, name !== "SELECT" && name !== "EXAMINE"]);
        if (!selected) await client.ok("SELECT INBOX");
      }
    });
  }
}

test("octets that are not even UTF-8 are no name either", async () => {
  await scene();
  const octets = [`STATUS "\xff" (MESSAGES)`, `APPEND "\xff" ${append}`, `LIST "" "\xff*"`, `SELECT "\xff"`];
  for (const [at, command] of octets.entries()) {
    client.wire.sayOctets(Buffer.from(`o${at} ${command}\r\n`, "latin1"));
    const { lines, tagged } = await client.answer(`o${at}`);
    if (command.startsWith("LIST")) expect([lines, tagged]).toEqual([[], `o${at} OK LIST completed`]);
    else expect(tagged).toBe(`o${at} NO [CANNOT] Mailbox name is not possible: it is not modified UTF-7`);
  }
});

for (const [name, say] of Object.entries(listing)) {
  test(`${name}: all spellings show one mailbox, and what no mailbox can be called shows none`, async () => {
    await scene();
    await client.ok(`SUBSCRIBE ${usual}`);
    for (const [at, command] of say(usual).entries()) {
      const { lines } = await client.ok(command);
      expect(lines).toHaveLength(1);
      for (const spelling of spellings) expect((await client.ok(say(spelling)[at]!)).lines).toEqual(lines);
    }
    for (const spelling of impossible.filter((one) => one !== '""')) {
      const { lines } = await client.ok(say(spelling)[0]!);
      expect([spelling, lines]).toEqual([spelling, []]);
    }
    expect((await client.ok(`${name} "a&b" *`)).lines).toEqual([]);
  });
}
