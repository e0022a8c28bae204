import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { TestServer } from "../server.ts";
import { LineClient } from "../transcripts/line-client.ts";
import { openCluster, token } from "./cluster.ts";

setDefaultTimeout(120_000);

const opened = await openCluster();

if ("missing" in opened) describe("one user, changed at two nodes", () => test.skip(opened.missing, () => {}));
else {
  const cluster = opened;
  describe("one user, changed at two nodes", () => {
    let nodes: readonly [TestServer, TestServer];
    beforeAll(async () => {
      nodes = [await cluster.node(), await cluster.node()];
    });
    afterAll(() => cluster.close());

    async function ask(node: TestServer, method: string, path: string, body?: object, as = token) {
      const response = await fetch(`http://127.0.0.1:${node.http}${path}`, {
        method,
        headers: { "x-access-token": as, "content-type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      // biome-ignore lint/suspicious/noExplicitAny: answers of every shape are looked into.
      return { status: response.status, answer: (await response.json()) as any };
    }

    async function tokenFrom(node: TestServer, name: string): Promise<string> {
      const login = { username: `${name}@localhost`, password: "secret", token: true };
      const { status, answer } = await ask(node, "POST", "/authenticate", login);
      expect(status).toBe(200);
      return answer.token;
    }

    test("of two changes at once that are told success both are there", async () => {
      const [one, two] = nodes;
      const id = await one.addUser("pair");
      for (let round = 1; round <= 50; round++) {
        const answers = await Promise.all([
          ask(one, "PUT", `/users/${id}`, { recipients: round, quota: round * 1000 }),
          ask(two, "PUT", `/users/${id}`, { receivedMax: round, name: `name ${round}` }),
        ]);
        expect(answers.map(({ status }) => status)).toEqual([200, 200]);
        const user = await two.services.directory.userById(id);
        expect(user).toMatchObject({
          settings: { recipients: round, receivedMax: round },
          quota: round * 1000,
          name: `name ${round}`,
        });
      }
    });

    test("of two new passwords that are set with the same old one, one is refused", async () => {
      const [one, two] = nodes;
      for (let round = 1; round <= 10; round++) {
        const id = await one.addUser(`old${round}`);
        const set = (node: TestServer, password: string) =>
          ask(node, "PUT", `/users/${id}`, { existingPassword: "secret", password });
        const answers = await Promise.all([set(one, "first-of-both"), set(two, "second-of-both")]);
        expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403]);
        const password = answers[0]!.status === 200 ? "first-of-both" : "second-of-both";
        const login = { username: `old${round}@localhost`, password };
        expect((await ask(two, "POST", "/authenticate", login)).status).toBe(200);
      }
    });

    test("a user and its account have the same quota in the end, whoever set which", async () => {
      const [one, two] = nodes;
      const id = await one.addUser("quota");
      for (let round = 1; round <= 10; round++) {
        await Promise.all([
          ask(one, "PUT", `/users/${id}`, { quota: round * 1000 }),
          ask(two, "PUT", `/users/${id}`, { quota: round * 1000 + 1 }),
        ]);
        const user = await one.services.directory.userById(id);
        const account = await one.services.accounts.ask(id, { kind: "catchUp" });
        expect(account).toMatchObject({ ok: true, quota: user!.quota });
      }
    });

    test("a revoked token stays revoked while another node writes tokens of the same user", async () => {
      const [one, two] = nodes;
      await one.addUser("tokens");
      for (let round = 0; round < 10; round++) {
        const leaving = await tokenFrom(one, "tokens");
        const [gone, fresh] = await Promise.all([
          ask(one, "DELETE", "/authenticate", undefined, leaving),
          tokenFrom(two, "tokens"),
        ]);
        expect(gone.status).toBe(200);
        expect((await ask(one, "GET", "/authenticated", undefined, leaving)).status).toBe(403);
        expect((await ask(two, "GET", "/authenticated", undefined, fresh)).status).toBe(200);
      }
    });

    test("a password that one node sets ends the sessions that have just begun at the other", async () => {
      const [one, two] = nodes;
      const id = await one.addUser("fresh");
      const client = await LineClient.connect(two.imap, true);
      await client.hear();
      client.say("a LOGIN fresh@localhost secret\r\n");
      expect(await client.hear()).toStartWith("a OK");
      expect((await ask(one, "PUT", `/users/${id}`, { password: "another" })).status).toBe(200);
      expect(await client.hear()).toBe("* BYE Password changed");
    });
  });
}
