import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, goodPassword, startCommandLine } from "./command-line.ts";

let line: CommandLine;
beforeAll(async () => {
  line = await startCommandLine();
});
afterAll(() => line.stop());
beforeEach(() => line.begin());
afterEach(() => line.end());

/** A user with three messages in INBOX and one in each of two folders. */
async function userWith(name: string): Promise<string> {
  const address = `${name}@localhost`;
  await line.eider(["user", "add", address, "--password-stdin"], { stdin: goodPassword });
  for (const [at, mailbox] of ["INBOX", "INBOX", "INBOX", "Work", "Work/Old"].entries()) {
    const file = `${name}-${at}.eml`;
    writeFileSync(join(line.cwd(), file), `From: bob@example.com\r\nSubject: ${name} ${at}\r\n\r\nbody ${at}\r\n`);
    expect((await line.eider(["import", address, "eml", file, "--mailbox", mailbox])).code).toBe(0);
  }
  return address;
}

describe("eider undelete", () => {
  test("restores messages that a client expunged and folders that it deleted, and does so once; who looks on sees it", async () => {
    const address = await userWith("lost");
    const client = await line.connect(address);
    await client.mailboxOpen("INBOX");
    await client.messageFlagsAdd("2", ["\\Flagged", "important"]);
    await client.messageDelete("1:2");
    await client.mailboxDelete("Work/Old");
    await client.mailboxDelete("Work");
    const plan = await line.eider(["undelete", address, "--dry-run"]);
    expect(plan.code).toBe(0);
    expect(plan.out.split("\n").map((row) => row.split(/ {2,}/).slice(0, 3))).toEqual([
      ["FOLDER", "MESSAGES", "WOULD GO TO"],
      ["INBOX", "2", "INBOX"],
      ["Work", "1", "Work"],
      ["Work/Old", "1", "Work/Old"],
      [""],
    ]);
    const list = (await line.eider(["undelete", address, "--list", "--json"])).json<{
      messages: { subject: string }[];
    }>();
    expect(list.messages.map(({ subject }) => subject).sort()).toEqual(["lost 0", "lost 1", "lost 3", "lost 4"]);
    expect((await line.eider(["undelete", address, "--list", "--mailbox", "work"])).out.split("\n")).toHaveLength(2);
    const told = new Promise<number>((resolve) =>
      client.once("exists", ({ count }: { count: number }) => resolve(count)),
    );
    const idling = client.idle();
    expect(await line.eider(["undelete", address])).toMatchObject({
      code: 0,
      out: "Restored 4 messages, and made 2 folders\n",
    });
    expect(await told).toBe(3);
    await client.noop();
    await idling;
    const back = await client.fetchOne("3", { flags: true, uid: true, source: true });
    if (!back) throw new Error("the message is not there");
    expect(back.uid).toBe(5);
    expect([...back.flags!].filter((flag) => flag !== "\\Recent").sort()).toEqual(["\\Flagged", "important"]);
    expect(back.source!.toString()).toBe("From: bob@example.com\r\nSubject: lost 1\r\n\r\nbody 1\r\n");
    for (const folder of ["Work", "Work/Old"])
      expect((await client.status(folder, { messages: true })).messages).toBe(1);
    await client.logout();
    expect((await line.eider(["undelete", address])).out).toMatch(
      /^Restored 0 messages: .*there already or was deleted too long ago\n$/,
    );
  });

  test("only what was deleted from one folder, since a time, into another", async () => {
    const address = await userWith("some");
    const client = await line.connect(address);
    await client.mailboxOpen("INBOX");
    await client.messageDelete("1");
    await client.mailboxOpen("Work");
    await client.messageDelete("1");
    await client.logout();
    const restored = (words: string[]) => line.eider(["undelete", address, ...words, "--json"]);
    expect((await restored(["--since", "2100-01-01"])).json()).toEqual({ restored: 0, mailboxes: [] });
    const into = await restored(["--since", "1h", "--mailbox", "/inbox/", "--into", "Found/again"]);
    expect(into.json()).toMatchObject({ restored: 1 });
    expect(await line.eider(["undelete", address, "--mailbox", "inbox"])).toMatchObject({ code: 1 });
    expect(await restored(["--since", "nonsense"])).toMatchObject({ code: 2 });
    expect(await restored(["--mailbox", "a//b"])).toMatchObject({ code: 2 });
    expect((await restored(["--mailbox", "Work"])).json()).toMatchObject({ restored: 1 });
  });

  test("over quota it says so, and nothing has changed", async () => {
    const address = await userWith("full");
    const client = await line.connect(address);
    await client.mailboxOpen("INBOX");
    await client.messageDelete("1:3");
    await client.logout();
    const { id } = (await line.eider(["user", "show", address, "--json"])).json<{ id: string }>();
    const token = readFileSync(join(line.data, "token"), "utf8").trim();
    const headers = { "x-access-token": token, "content-type": "application/json" };
    const limited = await fetch(`${line.url}/users/${id}`, { method: "PUT", headers, body: '{"quota":130}' });
    expect(limited.status).toBe(200);
    const refused = await line.eider(["undelete", address]);
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toContain("over quota");
    expect(
      (await line.eider(["undelete", address, "--list", "--json"])).json<{ messages: [] }>().messages,
    ).toHaveLength(3);
  });
});
