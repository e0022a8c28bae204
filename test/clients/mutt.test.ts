import { afterAll, afterEach, beforeAll, beforeEach, expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestServer, type TestServer } from "../server.ts";
import { needs } from "./needs.ts";
import { runClient } from "./run-client.ts";

/** Mutt in a terminal of its own (`script`), its keys pushed by itself. */
let server: TestServer;
let home = "";
let user = "";
let users = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "eider-mutt-"));
  user = `mutt${++users}`;
  await server.addUser(user);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function curl(path: string, ...more: string[]): Promise<string> {
  const url = `imap://127.0.0.1:${server.imap}/${path}`;
  const run = await runClient(["curl", "-sS", "-u", `${user}:secret`, url, ...more], "", { HOME: home });
  if (run.code !== 0) throw new Error(`exit ${run.code}\n${run.stderr}`);
  return run.stdout;
}

/** Opens a mailbox, pushes these keys, and waits until Mutt has left. */
async function mutt(mailbox: string, keys: string, ...settings: string[]): Promise<void> {
  const url = `imap://${user}@127.0.0.1:${server.imap}/`;
  const lines = [
    "set imap_pass=secret ssl_starttls=no ssl_force_tls=no header_cache='' sort=mailbox-order",
    `set folder=${url} confirmappend=no delete=yes mark_old=no sleep_time=0 wait_key=no`,
    'set print=yes print_command="cat >> $HOME/printed"',
    ...settings,
  ];
  writeFileSync(join(home, "rc"), `${lines.join("\n")}\n`);
  const command = `mutt -n -F ${home}/rc -f ${url}${mailbox} -e "push '${keys}'"`;
  const env = { HOME: home, TERM: "xterm", LINES: "24", COLUMNS: "80" };
  const run = await runClient(["script", "-qec", command, "/dev/null"], "", env);
  if (run.code !== 0) throw new Error(`mutt ended with ${run.code}\n${run.stdout}`);
}

needs("mutt", "script", "curl")(
  "mutt: reads, flags, tags and saves to another folder, copies, deletes",
  async () => {
    for (const at of [1, 2, 3, 4, 5]) {
      writeFileSync(join(home, "eml"), `From: a@example.com\r\nSubject: number ${at}\r\n\r\nbody ${at}\r\n`);
      await curl("INBOX", "-T", join(home, "eml"));
    }
    await curl("INBOX", "-X", "STORE 1:* -FLAGS (\\Seen)");
    await curl("", "-X", "CREATE Archive");
    await mutt(
      "INBOX",
      [
        "<first-entry><display-message><exit><first-entry><print-message><flag-message>",
        "<tag-pattern>~s number.[23]<enter><tag-prefix><save-message>=Archive<enter>",
        "<jump>4<enter><delete-message>",
        "<jump>5<enter><copy-message>=Archive<enter>",
        "<sync-mailbox><quit>",
      ].join(""),
    );
    expect(readFileSync(join(home, "printed"), "utf8")).toContain("body 1");
    expect(await curl("INBOX", "-X", "FETCH 1:* (FLAGS)")).toContain("* 1 FETCH (FLAGS (\\Seen \\Flagged))");
    expect(await curl("INBOX?ALL")).toBe("* SEARCH 1 2\r\n");
    expect(await curl("INBOX?UID%201,5")).toBe("* SEARCH 1 2\r\n");
    expect(await curl("", "-X", "STATUS Archive (MESSAGES)")).toBe("* STATUS Archive (MESSAGES 3)\r\n");
    const archived = await Promise.all([1, 2, 3].map((uid) => curl(`Archive;UID=${uid}`)));
    expect(archived.map((message) => /number (\d)/.exec(message)![1]).sort()).toEqual(["2", "3", "5"]);
  },
  60_000,
);

needs("mutt", "script", "curl")(
  "mutt: searches on the server, undeletes before it syncs, and sees what another session did",
  async () => {
    for (const at of [1, 2, 3]) {
      writeFileSync(join(home, "eml"), `Subject: ${at}\r\n\r\n${at === 2 ? "needle" : "hay"} ${at}\r\n`);
      await curl("INBOX", "-T", join(home, "eml"));
    }
    // =b asks the server to search.
    await mutt(
      "INBOX",
      "<limit>=b needle<enter><print-message><delete-message><undelete-pattern>~A<enter><sync-mailbox><quit>",
    );
    expect(readFileSync(join(home, "printed"), "utf8")).toContain("needle 2");
    expect(readFileSync(join(home, "printed"), "utf8")).not.toContain("hay");
    expect(await curl("", "-X", "STATUS INBOX (MESSAGES)")).toBe("* STATUS INBOX (MESSAGES 3)\r\n");
    // While it is open, another session takes the first message away; what it deletes afterwards is still the third.
    const expunge = `curl -s -u ${user}:secret imap://127.0.0.1:${server.imap}/INBOX`;
    writeFileSync(
      join(home, "expunge"),
      `#!/bin/sh\n${expunge} -X 'STORE 1 +FLAGS (\\Deleted)'\n${expunge} -X EXPUNGE\n`,
      { mode: 0o755 },
    );
    await mutt(
      "INBOX",
      `<last-entry><shell-escape>${home}/expunge<enter><check-stats><imap-fetch-mail><last-entry><delete-message><quit>`,
    );
    expect(await curl("INBOX;UID=2")).toContain("needle");
    expect(await curl("", "-X", "STATUS INBOX (MESSAGES)")).toBe("* STATUS INBOX (MESSAGES 1)\r\n");
  },
  60_000,
);
