import { afterAll, beforeAll, expect } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestServer, type TestServer } from "../../server.ts";
import { needs } from "../needs.ts";
import { normalised } from "./answer.ts";
import { corpus } from "./corpus.ts";
import { dovecotPrograms, openDovecot } from "./dovecot.ts";
import { type Answers, ImapPeer } from "./imap-peer.ts";
import { sessions } from "./sessions.ts";

/**
 * The same commands to Eider and to Dovecot, on the same messages; what they answer must mean the same. Where it need not,
 * `sessions.ts` says why.
 */
let server: TestServer;
const home = mkdtempSync(join(tmpdir(), "eider-differential-"));
let users = 0;

beforeAll(async () => {
  chmodSync(home, 0o711); // Dovecot is somebody else
  server = await startTestServer();
});
afterAll(async () => {
  await server.close();
  rmSync(home, { recursive: true, force: true });
});

/** What a server said to a command, fit to be compared. Why it said NO is its own affair. */
function heard({ status, text, untagged }: Answers): string[] {
  const code = status === "OK" ? /^\[(READ-ONLY|READ-WRITE|MODIFIED)/.exec(text)?.[1] : undefined;
  // RECENT may come at any time, and HIGHESTMODSEQ where nobody asked (RFC 7162 §3.1.2.1).
  const lines = untagged.map(normalised).filter((line) => !/^\d+ RECENT$|^OK \[HIGHESTMODSEQ\]$/.test(line));
  // The order of untagged answers means something only where they speak of sequence numbers.
  const ordered = lines.filter((line) => /^\d+ (EXPUNGE|EXISTS)/.test(line));
  const others = lines.filter((line) => !ordered.includes(line)).sort();
  return [...others, ...ordered, `${status}${code ? ` [${code}]` : ""}`];
}

for (const [name, session] of Object.entries(sessions)) {
  needs(...dovecotPrograms)(
    `as Dovecot: ${name}`,
    async () => {
      const user = `same${++users}`;
      await server.addUser(user);
      const dovecot = await openDovecot(join(home, user));
      const eider = await ImapPeer.loggedIn(server.imap, user);
      // LOGIN's place: tags are to be the same.
      await dovecot.say("NOOP");
      try {
        for (const [at, message] of Object.values(corpus).entries()) {
          const day = String(at + 1).padStart(2, "0");
          const append = `APPEND INBOX (${at % 2 ? "\\Seen" : "work"}) "${day}-Jan-2026 12:00:00 +0000" {${message.length}+}\r\n${message}`;
          for (const peer of [dovecot, eider]) expect((await peer.say(append)).status).toBe("OK");
        }
        const ours: string[] = [];
        const theirs: string[] = [];
        for (const step of session) {
          const { command, differs: why } = typeof step === "string" ? { command: step, differs: undefined } : step;
          const [one, other] = await Promise.all([eider.say(command), dovecot.say(command)]);
          const [mine, reference] = [heard(one), heard(other)];
          const same = Bun.deepEquals(mine, reference);
          if (why !== undefined) {
            if (same) throw new Error(`No difference any more in ${command}, although: ${why}`);
          } else if (!same) {
            const missing = reference.filter((line) => !mine.includes(line));
            const more = mine.filter((line) => !reference.includes(line));
            ours.push(`> ${command}`, ...(more.length + missing.length ? more : mine));
            theirs.push(`> ${command}`, ...(more.length + missing.length ? missing : reference));
          }
        }
        expect(ours).toEqual(theirs);
      } finally {
        dovecot.close();
        eider.close();
      }
    },
    30_000,
  );
}
