import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, statfsSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { selected } from "../nodes/picture.ts";
import { startTestServer, type TestServer } from "../server.ts";
import { messageNamed, namesIn } from "./inbox.ts";

setDefaultTimeout(60_000);

/** A file system of 24 MB, or why there is none. */
function smallDisk(): { readonly path: string; remove(): void } | string {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "a small disk can be mounted by root on Linux only";
  if (Bun.which("mount") === null) return "a small disk needs `mount`";
  const path = mkdtempSync(join(tmpdir(), "eider-disk-"));
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", path]);
  if (!mounted.success) {
    rmSync(path, { recursive: true });
    return `a small disk cannot be mounted here: ${mounted.stderr.toString().trim()}`;
  }
  return {
    path,
    remove() {
      Bun.spawnSync(["umount", "-l", path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function api({ http, token }: TestServer, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${http}${path}`, { ...init, headers: { ...init.headers, "x-access-token": token } });
}

const disk = smallDisk();

if (typeof disk === "string") describe("a full disk", () => test.skip(disk, () => {}));
else
  describe("a full disk", () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startTestServer({ EIDER_DATA: join(disk.path, "data") });
    });
    afterAll(async () => {
      await server?.close();
      disk.remove();
    });
    const { path } = disk;
    const ballast = join(path, "ballast");

    /** Takes all the space there is. */
    function fill(): void {
      for (let blocks = 1; blocks > 0; ) {
        const { bavail, bsize } = statfsSync(path);
        blocks = bavail;
        if (blocks > 0) writeFileSync(ballast, Buffer.alloc(blocks * bsize, 1), { flag: "a" });
      }
    }

    for (const [kind, padding] of [
      ["small messages", 2_000],
      ["messages that are blobs", 300_000],
    ] as const) {
      test(`${kind}: refused with the right codes, nothing acknowledged is lost, and service comes back`, async () => {
        const user = `full${padding}`;
        const name = `${user}@localhost`;
        const id = await server.addUser(user);
        const client = await selected(server.imap, name);
        const mta = await LmtpClient.open(server.lmtp);
        const acknowledged: string[] = [];
        const refused: string[] = [];
        const deliver = async (subject: string): Promise<string> => {
          const reply = (await mta.deliver(name, messageNamed(subject, padding)))!;
          (reply.startsWith("250") ? acknowledged : refused).push(subject);
          return reply;
        };
        for (let n = 0; n < 5; n++) expect(await deliver(`before-${n}`)).toStartWith("250");
        fill();
        // What room the files have inside is used up first.
        for (let n = 0; refused.length < 5 && n < 2000; n++) {
          expect(await deliver(`full-${n}`)).toMatch(/^(250|452 4\.3\.1)/);
        }
        expect(refused.length).toBe(5);
        const text = messageNamed("appended", padding);
        const appended = await client.ask(`APPEND INBOX {${text.length}+}\r\n${text}`);
        expect(appended.tagged).toMatch(/^\S+ NO \[UNAVAILABLE\] .*no space/);
        const [inbox] = ((await (await api(server, `/users/${id}/mailboxes`)).json()) as { results: { id: string }[] })
          .results;
        const uploaded = await api(server, `/users/${id}/mailboxes/${inbox!.id}/messages`, {
          method: "POST",
          headers: { "content-type": "message/rfc822" },
          body: text,
        });
        expect([uploaded.status, uploaded.headers.get("retry-after"), await uploaded.json()]).toEqual([
          507,
          "60",
          { error: expect.any(String), code: "StorageFull" },
        ]);
        // Reads go on.
        await client.ok("NOOP");
        expect((await client.ok("UID SEARCH ALL")).lines.join().match(/\d+/g)?.length).toBe(acknowledged.length);
        expect(await namesIn(server.imap, name)).toEqual(acknowledged);

        truncateSync(ballast, 0);
        unlinkSync(ballast);
        for (const subject of refused.splice(0)) {
          await eventually("there is room, and it is taken", async () => (await deliver(subject)).startsWith("250"));
        }
        await client.ok(`APPEND INBOX {${text.length}+}\r\n${text}`);
        await client.ok("STORE 1:* +FLAGS.SILENT (\\Flagged)");
        const kept = await namesIn(server.imap, name);
        expect(kept).toEqual([...acknowledged, "appended"]);
        await client.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)");
        await client.ok("EXPUNGE");
        client.close();
        mta.close();
      });
    }

    test("after a restart all of it is as it was", async () => {
      await server.addUser("restart");
      const mta = await LmtpClient.open(server.lmtp);
      expect(await mta.deliver("restart@localhost", messageNamed("first"))).toStartWith("250");
      fill();
      const acknowledged = ["first"];
      for (let n = 0; n < 50; n++) {
        if ((await mta.deliver("restart@localhost", messageNamed(`n${n}`, 4000)))!.startsWith("250"))
          acknowledged.push(`n${n}`);
      }
      mta.close();
      await server.server.stop();
      unlinkSync(ballast);
      server = await startTestServer({ EIDER_DATA: join(disk.path, "data") });
      expect(await namesIn(server.imap, "restart@localhost")).toEqual(acknowledged);
    });
  });
