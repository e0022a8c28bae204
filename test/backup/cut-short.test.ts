import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LmtpClient } from "../lmtp-client.ts";
import { startTestServer, type TestServer } from "../server.ts";
import { done, eider, type Folder, letter, wholeAccount } from "./scene.ts";

setDefaultTimeout(120_000);

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

describe("kill -9", () => {
  let parent: string;
  let server: TestServer;
  const users = Array.from({ length: 12 }, (_, n) => `user${n}`);
  const shown = async (running: TestServer): Promise<Record<string, Folder>[]> => {
    const all = [];
    for (const user of users) all.push(await wholeAccount(running.imap, `${user}@localhost`));
    return all;
  };

  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), "eider-cut-"));
    server = await startTestServer();
    for (const user of users) await server.addUser(user);
    const lmtp = await LmtpClient.open(server.lmtp);
    for (let n = 0; n < 120; n++)
      await lmtp.deliver(`${users[n % 12]}@localhost`, letter(`mail-${n}`, n % 6 === 5 ? 1_500_000 + n : 0));
    lmtp.close();
  });
  afterAll(async () => {
    await server.close();
    rmSync(parent, { recursive: true, force: true });
  });

  /** Runs the command again and again, each time killed a little later, until it comes to its end; answers how often it was killed. */
  async function untilDone(words: string[], data: string, first: number, look: () => Promise<void>): Promise<number> {
    for (let killed = 0; ; killed++) {
      const child = Bun.spawn([process.execPath, main, ...words], {
        env: { ...process.env, EIDER_DATA: data },
        stdout: "pipe",
        stderr: "pipe",
      });
      const timer = setTimeout(() => child.kill("SIGKILL"), first + killed * 90);
      const code = await child.exited;
      clearTimeout(timer);
      if (code === 0) return killed;
      if (code !== 137) {
        const said = await new Response(child.stderr).text();
        // Killed when all was done, and before it could say so.
        if (killed > 0 && said.includes("holds this restore already, whole")) return killed;
        throw new Error(said);
      }
      expect(killed).toBeLessThan(60);
      await look();
    }
  }

  test("of a backup: what was cut short is no backup; the next run goes on, and the earlier one stays whole", async () => {
    const backup = join(parent, "backup");
    const killed = await untilDone(["backup", backup], server.data, 100, async () => {
      expect(existsSync(join(backup, "manifest.json"))).toBe(false);
      const restored = await eider(["restore", backup, "--into", join(parent, "none")], {});
      expect(restored.code).toBe(1);
      expect(existsSync(join(parent, "none", "eider.db"))).toBe(false);
    });
    expect(killed).toBeGreaterThan(1);
    const lmtp = await LmtpClient.open(server.lmtp);
    for (let n = 0; n < 24; n++)
      await lmtp.deliver(`${users[n % 12]}@localhost`, letter(`more-${n}`, n % 6 === 5 ? 1_700_000 + n : 0));
    lmtp.close();
    await untilDone(["backup", backup], server.data, 100, async () => {
      await done(["backup", backup, "--check"], {});
    });
    const into = join(parent, "restored");
    const checked = await done(["backup", backup, "--check"], {});
    expect(checked.out).toContain("13 accounts, 145 messages");
    const again = await untilDone(["restore", backup, "--into", into], "", 150, async () => {});
    expect(again).toBeGreaterThan(0);
    const restored = await startTestServer({ EIDER_DATA: into });
    try {
      expect(await shown(restored)).toEqual(await shown(server));
    } finally {
      await restored.close();
    }
  });

  test("of a restore: no server starts on a part of it", async () => {
    const backup = join(parent, "half-backup");
    await done(["backup", backup], { EIDER_DATA: server.data });
    let refused = "";
    for (let wait = 150; refused === "" && wait < 5000; wait += 40) {
      const into = join(parent, `half-${wait}`);
      const child = Bun.spawn([process.execPath, main, "restore", backup, "--into", into], {
        env: { ...process.env },
        stdout: "ignore",
        stderr: "ignore",
      });
      const timer = setTimeout(() => child.kill("SIGKILL"), wait);
      await child.exited;
      clearTimeout(timer);
      if (!existsSync(join(into, "eider.db"))) continue;
      try {
        await (await startTestServer({ EIDER_DATA: into })).close();
      } catch (error) {
        refused = (error as Error).message;
      }
    }
    expect(refused).toContain("was cut short: run the same command again");
  });
});
