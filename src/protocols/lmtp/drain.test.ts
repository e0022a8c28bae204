import { expect, setDefaultTimeout, test } from "bun:test";
import { LmtpClient } from "../../../test/lmtp-client.ts";
import { startTestServer } from "../../../test/server.ts";

setDefaultTimeout(20_000);

/** A server with the user alice, and clients that have said so many of the lines of a transaction. */
async function scene(...begun: readonly (readonly string[])[]) {
  const server = await startTestServer();
  await server.addUser("alice");
  const clients = await Promise.all(
    begun.map(async (lines) => {
      const client = await LmtpClient.open(server.lmtp);
      for (const line of lines) expect(await client.say(line)).toMatch(/^[23]/);
      return client;
    }),
  );
  return { server, clients };
}
type Client = LmtpClient;
const mail = "MAIL FROM:<a@b.example>";
const rcpt = "RCPT TO:<alice@localhost>";
const goodbye = "421 4.3.2 Server is shutting down";

test("a drain lets a message that has been announced come in, and says goodbye behind it", async () => {
  const { server, clients } = await scene([], [mail], [mail, rcpt], [mail, rcpt, "DATA"], []);
  const closed = server.close();
  const [fresh, announced, addressed, sending, idle] = clients as [Client, Client, Client, Client, Client];
  expect(await fresh.deliver("alice@localhost", "Subject: x\r\n\r\nx\r\n")).toStartWith("250");
  expect(await fresh.reply()).toBe(goodbye);
  expect(await idle.reply()).toBe(goodbye);
  expect(await announced.say(rcpt)).toStartWith("250");
  for (const client of [announced, addressed]) expect(await client.say("DATA")).toStartWith("354");
  for (const client of [announced, addressed, sending]) {
    expect(await client.say("Subject: x\r\n\r\nx\r\n.")).toStartWith("250");
    expect(await client.reply()).toBe(goodbye);
    expect(await client.reply()).toBeNull();
  }
  await closed;
});

test("a drain does not wait for a transaction that is given up, or ends by itself", async () => {
  const { server, clients } = await scene([mail, rcpt], [mail, rcpt], [mail, rcpt], []);
  const closed = server.close();
  const [reset, quit, gone, probing] = clients as [Client, Client, Client, Client];
  // An MTA that asks whether a kept connection is still good.
  expect(await probing.say("RSET")).toStartWith("421 ");
  expect(await reset.say("RSET")).toStartWith("250");
  expect(await reset.reply()).toBe(goodbye);
  expect(await quit.say("QUIT")).toStartWith("221");
  gone.close();
  await closed;
});
