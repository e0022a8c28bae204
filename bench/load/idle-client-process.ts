import type { IdleOrder } from "./idle-clients.ts";
import { ImapConnection } from "./imap-connection.ts";

const atOnce = 20;

// Opens so many sessions that idle, says "ready", says "heard" when each has been told of a message, and ends with its standard input.
const input = Bun.stdin.stream().getReader();
let text = "";
while (!text.includes("\n")) {
  const { value, done } = await input.read();
  if (done) process.exit(1);
  text += new TextDecoder().decode(value);
}
const { port, users, sessions, passing, from } = JSON.parse(text) as IdleOrder;

let told = 0;
let next = 0;
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (next < sessions) {
      const user = users[(from + next++) % users.length]!;
      const connection = await (await ImapConnection.open(port)).login(user);
      await connection.command("SELECT INBOX");
      await connection.exchange(Buffer.from("i IDLE\r\n"), "+");
      if (passing) connection.close();
      else
        connection.onUnasked = (bytes) => {
          if (!Buffer.from(bytes).includes("EXISTS")) return;
          connection.onUnasked = null;
          if (++told === sessions) process.stdout.write("heard\n");
        };
    }
  }),
);
process.stdout.write("ready\n");
while (!(await input.read()).done);
process.exit(0);
