import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import type { TestServer } from "../server.ts";
import { openCluster } from "./cluster.ts";
import { loggedIn, selected } from "./picture.ts";

setDefaultTimeout(60_000);

const cluster = await openCluster();

/** RFC 3501 §2.3.2: who is told first has it, on whichever node, and while that session is there. */
if ("missing" in cluster) describe("\\Recent across nodes", () => test.skip(cluster.missing, () => {}));
else
  describe("\\Recent across nodes", () => {
    let nodes: readonly [TestServer, TestServer];
    beforeAll(async () => {
      nodes = [await cluster.node(), await cluster.node()];
    });
    afterAll(() => cluster.close());

    const recentIn = async (port: number, user: string): Promise<string | undefined> => {
      const client = await loggedIn(port, user);
      const { lines } = await client.ok("STATUS INBOX (RECENT)");
      client.close();
      return lines[0];
    };

    test("a node where the account is in memory, and one where it is not yet", async () => {
      const [one, two] = nodes;
      for (const [name, warm] of [
        ["warm", true],
        ["cold", false],
      ] as const) {
        await one.addUser(name);
        const mta = await LmtpClient.open(one.lmtp);
        expect(await mta.deliver(`${name}@localhost`, "Subject: x\r\n\r\nx\r\n")).toStartWith("250");
        mta.close();
        if (warm) expect(await recentIn(two.imap, name)).toBe("* STATUS INBOX (RECENT 1)");
        const first = await selected(one.imap, name);
        expect((await first.ok("FETCH 1 (FLAGS)")).lines).toEqual(["* 1 FETCH (FLAGS (\\Recent))"]);
        await eventually("the other node has heard", async () => {
          return (await recentIn(two.imap, name)) === "* STATUS INBOX (RECENT 0)";
        });
        const second = await selected(two.imap, name);
        expect((await second.ok("FETCH 1 (FLAGS)")).lines).toEqual(["* 1 FETCH (FLAGS ())"]);
        first.close();
        second.close();
      }
    });
  });
