import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { ImapClient } from "../transcripts/imap-client.ts";
import { openCluster } from "./cluster.ts";
import { type FrontEnd, isAlive, startFrontEnd } from "./front-end.ts";
import { loggedIn, selected } from "./picture.ts";

setDefaultTimeout(90_000);

const opened = await openCluster();

if ("missing" in opened) describe("processes of one node", () => test.skip(opened.missing, () => {}));
else {
  const cluster = opened;
  describe("processes of one node", () => {
    afterAll(() => cluster.close());

    async function withProcesses(count: number, work: (front: FrontEnd) => Promise<void>): Promise<void> {
      const front = await startFrontEnd(cluster, count);
      try {
        await work(front);
      } finally {
        await front.remove();
      }
    }

    test("all take connections on the same ports; health and metrics are of all; SIGTERM says goodbye and ends all", () =>
      withProcesses(3, async (front) => {
        const pids = await front.processes(3);
        const admin = await cluster.node();
        await admin.addUser("ports");
        const name = "ports@localhost";
        // Which process takes a connection is up to the kernel: so many that none is left out.
        const clients = await Promise.all(Array.from({ length: 24 }, () => selected(front.imap, name)));
        const { connections, status, processes, node } = await front.health();
        expect([connections.imap, status, processes.map(({ process }) => process)]).toEqual([24, "ok", [1, 2, 3]]);
        for (const each of processes) expect(each).toMatchObject({ status: "ok", restarts: 0 });
        expect(node).not.toContain(":");
        const metrics = await (await front.get("/metrics")).text();
        const active = [
          ...metrics.matchAll(/^wildduck_active_sessions_total\{process="(\d)",protocol="imap"\} (\d+)$/gm),
        ];
        expect(active.map(([, process]) => process)).toEqual(["1", "2", "3"]);
        expect(active.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(24);
        for (const [, process, count] of active) expect([process, Number(count) > 0]).toEqual([process, true]);
        expect(metrics.match(/^eider_process_up\{process="\d"\} 1$/gm)).toHaveLength(3);

        // A change by one is told to those of the others.
        await clients[0]!.ok("APPEND INBOX {15+}\r\nSubject: x\r\n\r\nx");
        await Promise.all(
          clients.map((client) =>
            eventually(
              "the session sees it",
              async () =>
                (await client.ok("NOOP")).lines.includes("* 1 EXISTS") ||
                (await client.ok("STATUS INBOX (MESSAGES)")).lines.join().includes("MESSAGES 1"),
            ),
          ),
        );
        front.signal("SIGTERM");
        for (const client of clients) expect((await client.end()).at(-1)).toStartWith("* BYE");
        const { code, out, err } = await front.ended;
        expect(code).toBe(0);
        for (const pid of pids) expect(isAlive(pid)).toBe(false);
        expect(err.match(/^Eider \d/gm)).toHaveLength(1);
        // One stream of whole lines, each of which says whose it is.
        const lines = out
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as { pid: number });
        expect(new Set(lines.map(({ pid }) => pid)).isSupersetOf(new Set(pids))).toBe(true);
        await admin.close();
      }));

    test("one that is killed under load loses nothing it acknowledged, and is replaced; SIGHUP reaches all", () =>
      withProcesses(3, async (front) => {
        await front.processes(3);
        const admin = await cluster.node();
        await admin.addUser("killed");
        const name = "killed@localhost";
        const acknowledged: string[] = [];
        const victims: number[] = [];
        let over = false;
        const deliverer = async (who: number): Promise<void> => {
          let mta: LmtpClient | null = null;
          for (let n = 0; !over; ) {
            mta ??= await LmtpClient.open(front.lmtp);
            const subject = `${who}-${n}`;
            const reply = await mta.deliver(name, `Subject: ${subject}\r\n\r\n${subject}\r\n`);
            if (reply?.startsWith("250")) {
              acknowledged.push(subject);
              n++;
            } else {
              // An MTA tries again what it has no answer to.
              mta.close();
              mta = null;
            }
          }
          mta?.close();
        };
        const load = Promise.all(Array.from({ length: 6 }, (_, who) => deliverer(who)));
        for (let round = 0; round < 3; round++) {
          const before = acknowledged.length;
          await eventually("mail flows", () => acknowledged.length > before + 20);
          const [victim] = await front.processes(3, victims);
          process.kill(victim!, "SIGKILL");
          victims.push(victim!);
        }
        await front.processes(3, victims);
        over = true;
        await load;
        const client = await selected(front.imap, name);
        const { lines } = await client.ok("UID FETCH 1:* BODY.PEEK[TEXT]");
        const texts = lines.flatMap((line) => /\r\n(\S+)\r\n\)$/.exec(line)?.[1] ?? []);
        expect(new Set(texts).size).toBe(texts.length);
        expect(new Set(texts).isSupersetOf(new Set(acknowledged))).toBe(true);
        const restarts = (await front.health()).processes.reduce((sum, each) => sum + each.restarts, 0);
        expect(restarts).toBe(3);
        client.close();
        front.signal("SIGHUP");
        await Bun.sleep(300);
        front.signal("SIGTERM");
        const { code, out } = await front.ended;
        expect(code).toBe(0);
        for (const victim of victims) expect(out).toContain(`process ${victim} ended; starting another`);
        expect(out.match(/Certificates and log level read again/g)).toHaveLength(3);
        await admin.close();
      }));

    test("when the supervisor is killed its processes drain and leave", () =>
      withProcesses(2, async (front) => {
        const pids = await front.processes(2);
        const admin = await cluster.node();
        await admin.addUser("orphan");
        const client = await loggedIn(front.imap, "orphan@localhost");
        front.signal("SIGKILL");
        expect((await client.end()).at(-1)).toStartWith("* BYE");
        await eventually("both have left", () => pids.every((pid) => !isAlive(pid)));
        await admin.close();
      }));

    test("a second signal leaves at once, with connections that would not go", () =>
      withProcesses(2, async (front) => {
        await front.processes(2);
        const admin = await cluster.node();
        await admin.addUser("stays");
        const client = await ImapClient.connect({ port: () => front.imap });
        await client.ok("LOGIN stays@localhost secret");
        // In the middle of a command: no boundary comes.
        client.wire.say("a APPEND INBOX {100}\r\n");
        expect(await client.wire.hear()).toStartWith("+");
        client.wire.say("half");
        front.signal("SIGTERM");
        await Bun.sleep(700);
        front.signal("SIGTERM");
        expect((await front.ended).code).toBe(0);
        client.close();
        await admin.close();
      }));

    test("while they wait for a database that is not there, SIGTERM ends them all", async () => {
      const front = await startFrontEnd(cluster, 2, { EIDER_MONGODB_URL: "mongodb://127.0.0.1:1/" });
      const pids = await eventually("both are started", () => {
        const children = readFileSync(`/proc/${front.pid}/task/${front.pid}/children`, "utf8").trim().split(" ");
        return children.length === 2 && children.map(Number);
      });
      front.signal("SIGTERM");
      expect((await front.ended).code).toBe(0);
      for (const pid of pids) expect(isAlive(pid)).toBe(false);
      await front.remove();
    });
  });
}

test("with the embedded store they are refused, by the place in the file or the variable", () => {
  const cwd = mkdtempSync(join(tmpdir(), "eider-embedded-"));
  const start = (env: Record<string, string>) => {
    const { exitCode, stderr } = Bun.spawnSync(
      [process.execPath, resolve(import.meta.dir, "../../src/cli/main.ts"), "start"],
      { cwd, env: { PATH: process.env.PATH!, ...env } },
    );
    return [exitCode, stderr.toString()] as const;
  };
  const why =
    'processes: the embedded store belongs to one process; found 4. Set it to 1, or use [store] kind = "mongodb"';
  writeFileSync(join(cwd, "eider.toml"), 'hostname = "x"\nprocesses = 4\n');
  expect(start({})).toEqual([1, `eider: eider.toml:2: ${why}\n`]);
  writeFileSync(join(cwd, "eider.toml"), "");
  expect(start({ EIDER_PROCESSES: "4" })).toEqual([1, `eider: EIDER_PROCESSES: ${why}\n`]);
  rmSync(cwd, { recursive: true });
});
