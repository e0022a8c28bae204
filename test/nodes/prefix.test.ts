import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Redis } from "ioredis";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { openCluster, token } from "./cluster.ts";
import { selected } from "./picture.ts";

setDefaultTimeout(60_000);

const cluster = await openCluster();

if ("missing" in cluster) describe("several deployments on one Redis", () => test.skip(cluster.missing, () => {}));
else
  describe("several deployments on one Redis", () => {
    afterAll(() => cluster.close());

    test("neither sees the other's sessions, nor do their keys meet", async () => {
      const other = { EIDER_MONGODB_DATABASE: `${cluster.database}_two` };
      const [one, two] = await Promise.all([
        cluster.node({ EIDER_REDIS_PREFIX: "one:" }),
        cluster.node({ ...other, EIDER_REDIS_PREFIX: "two:" }),
      ]);
      await one.addUser("ann");
      await two.addUser("bob");
      const clients = [await selected(one.imap, "ann@localhost"), await selected(two.imap, "bob@localhost")];
      for (const [node, name] of [
        [one, "ann@localhost"],
        [two, "bob@localhost"],
      ] as const) {
        const listed = await eventually("its session is listed", async () => {
          const answer = await fetch(`http://127.0.0.1:${node.http}/sessions`, {
            headers: { "x-access-token": token },
          });
          const { results } = (await answer.json()) as { results: { username: string }[] };
          return results.length > 0 && results.map(({ username }) => username);
        });
        expect(listed).toEqual([name]);
        const mta = await LmtpClient.open(node.lmtp);
        expect(await mta.deliver(name, "Subject: x\r\n\r\nx\r\n")).toStartWith("250");
        mta.close();
      }
      const redis = new Redis(cluster.redis.url);
      const names = await eventually("sessions and logs of both are there", async () => {
        const found = [...(await redis.keys("*")), ...((await redis.pubsub("CHANNELS", "*")) as string[])];
        const wanted = ["one:session:sess_", "two:session:sess_", "one:log:", "two:log:"];
        return wanted.every((beginning) => found.some((name) => name.startsWith(beginning))) && found;
      });
      redis.disconnect();
      expect(names.filter((name) => !/^(one|two):/.test(name))).toEqual([]);
      for (const client of clients) client.close();
    });
  });
