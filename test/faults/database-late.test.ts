import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { openFragileCluster, token } from "../nodes/cluster.ts";
import { selected } from "../nodes/picture.ts";
import { messageNamed, namesIn } from "./inbox.ts";

setDefaultTimeout(60_000);

const cluster = await openFragileCluster();

if ("missing" in cluster) describe("MongoDB late", () => test.skip(cluster.missing, () => {}));
else
  describe("MongoDB late", () => {
    afterAll(() => cluster.close());

    test("away at the start, it is waited for; a worker that dies while it is away comes back with it", async () => {
      await cluster.mongo.stop("SIGKILL");
      let started = false;
      const starting = cluster.node().then((node) => {
        started = true;
        return node;
      });
      const early = await Promise.race([starting, Bun.sleep(1000)]);
      expect([early, started]).toEqual([undefined, false]);
      await cluster.mongo.start();
      const node = await starting;
      await node.addUser("late");
      const mta = await LmtpClient.open(node.lmtp);
      expect(await mta.deliver("late@localhost", messageNamed("first"))).toStartWith("250");
      const client = await selected(node.imap, "late@localhost");

      await cluster.mongo.stop("SIGKILL");
      await node.server.workers.killShard(0);
      const reply = await mta.deliver("late@localhost", messageNamed("second"));
      expect(reply).toMatch(/^451 4\.3\.\d/);
      expect((await client.ask("STORE 1 +FLAGS (\\Seen)", 30_000)).tagged).toMatch(/^\S+ NO \[UNAVAILABLE\]/);
      await cluster.mongo.start();
      await eventually("it is taken when it is sent again", async () =>
        (await mta.deliver("late@localhost", messageNamed("second")))?.startsWith("250"),
      );
      await client.ok("STORE 1 +FLAGS (\\Seen)");
      expect(await namesIn(node.imap, "late@localhost")).toEqual(["first", "second"]);
      mta.close();
      client.close();
      await node.close();
    });

    test("hanging, it is given up on in time; what it kept in silence is there once", async () => {
      const node = await cluster.node();
      await node.addUser("hangs");
      const name = "hangs@localhost";
      const mta = await LmtpClient.open(node.lmtp);
      expect(await mta.deliver(name, messageNamed("first"))).toStartWith("250");
      const client = await selected(node.imap, name);
      process.kill(cluster.mongo.pid(), "SIGSTOP");
      try {
        expect(await mta.deliver(name, messageNamed("second"))).toMatch(/^451 4\.3\.\d/);
        expect((await client.ok("FETCH 1 (FLAGS)")).lines.length).toBe(1);
        const health = await fetch(`http://127.0.0.1:${node.http}/health`, { headers: { "x-access-token": token } });
        expect(health.status).toBe(503);
      } finally {
        process.kill(cluster.mongo.pid(), "SIGCONT");
      }
      await eventually("it is taken when it is sent again", async () =>
        (await mta.deliver(name, messageNamed("second")))?.startsWith("250"),
      );
      expect(await namesIn(node.imap, name)).toEqual(["first", "second"]);
      expect((await client.ok("NOOP")).lines).toContain("* 2 EXISTS");
      mta.close();
      client.close();
      await node.close();
    });

    test("away for longer than usual: how long a change waits is for the operator to say", async () => {
      const node = await cluster.node({ EIDER_LIMITS_DATABASE_WAIT: "40s" });
      await node.addUser("patient");
      const mta = await LmtpClient.open(node.lmtp);
      expect(await mta.deliver("patient@localhost", messageNamed("first"))).toStartWith("250");
      await cluster.mongo.stop("SIGKILL");
      const delivering = mta.deliver("patient@localhost", messageNamed("second"));
      // Longer than a change waits by default, and than the driver does.
      expect(await Promise.race([delivering, Bun.sleep(14_000)])).toBeUndefined();
      await cluster.mongo.start();
      expect(await delivering).toStartWith("250");
      expect(await namesIn(node.imap, "patient@localhost")).toEqual(["first", "second"]);
      mta.close();
      await node.close();
    });
  });
