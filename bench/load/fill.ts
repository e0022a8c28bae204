import type { BenchServer, BenchUser } from "../servers/server.ts";
import { ImapConnection } from "./imap-connection.ts";
import { message } from "./messages.ts";

/** Octets of a message in a filled mailbox. */
export const filledSize = 2048;
const connections = 8;
const perCommand = 250;
/** Messages that come in by the front door where the rest are copies of them. */
const originals = 20;

const filled = new WeakMap<BenchServer, Map<string, Promise<BenchUser>>>();

/**
 * A user whose INBOX has exactly `count` messages of 2 kB, shared by the workloads of a run that ask for the same `name`:
 * appended once over IMAP, or the first of them, where the server has a quicker way for the others.
 */
export function filledUser(server: BenchServer, count: number, name = "box"): Promise<BenchUser> {
  let known = filled.get(server);
  if (known === undefined) {
    known = new Map();
    filled.set(server, known);
  }
  const key = `${name}${count}`;
  let user = known.get(key);
  if (user === undefined) {
    user = fill(server, key, count);
    known.set(key, user);
  }
  return user;
}

async function fill(server: BenchServer, name: string, count: number): Promise<BenchUser> {
  const user = await server.user(name);
  if (server.multiply !== undefined) return multiplied(server, user, count);
  const first = await (await ImapConnection.open(server.ports.imap)).login(user);
  const capabilities = (await first.command("CAPABILITY")).text();
  const there = await exists(first);
  const multi = capabilities.includes("MULTIAPPEND");
  let next = there;
  const append = async (connection: ImapConnection) => {
    while (next < count) {
      const from = next;
      next = Math.min(count, next + perCommand);
      if (multi) await appendTogether(connection, from, next);
      else await appendPipelined(connection, from, next);
    }
  };
  const others = multi ? [] : Array.from({ length: connections - 1 }, () => ImapConnection.open(server.ports.imap));
  const all = [first, ...(await Promise.all(others))];
  for (const connection of all.slice(1)) await connection.login(user);
  await Promise.all(all.map(append));
  const reached = await exists(first);
  for (const connection of all) connection.close();
  if (reached !== count) throw new Error(`${server.name}: ${name} has ${reached} messages instead of ${count}`);
  return user;
}

async function multiplied(server: BenchServer, user: BenchUser, count: number): Promise<BenchUser> {
  const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
  const seeds = Math.min(originals, count);
  for (let number = 0; number < seeds; number++) {
    await connection.exchange(Buffer.from(`a APPEND INBOX {${filledSize}}\r\n`), "+");
    await connection.exchange(Buffer.concat([message(number, filledSize), Buffer.from("\r\n")]), "a OK");
  }
  await server.multiply!(user, count - seeds);
  const reached = await exists(connection);
  connection.close();
  if (reached !== count) throw new Error(`${server.name}: ${user.login} has ${reached} messages instead of ${count}`);
  return user;
}

/** One command with many messages. @see RFC 3502 */
async function appendTogether(connection: ImapConnection, from: number, to: number): Promise<void> {
  const parts: Uint8Array[] = [Buffer.from("a APPEND INBOX")];
  for (let number = from; number < to; number++)
    parts.push(Buffer.from(` {${filledSize}+}\r\n`), message(number, filledSize));
  parts.push(Buffer.from("\r\n"));
  const text = (await connection.exchange(Buffer.concat(parts), "a ")).text();
  if (!text.includes("a OK")) throw new Error(`APPEND: ${text}`);
}

async function appendPipelined(connection: ImapConnection, from: number, to: number): Promise<void> {
  const parts: Uint8Array[] = [];
  for (let number = from; number < to; number++) {
    const tag = number === to - 1 ? "last" : "a";
    parts.push(
      Buffer.from(`${tag} APPEND INBOX {${filledSize}+}\r\n`),
      message(number, filledSize),
      Buffer.from("\r\n"),
    );
  }
  const text = (await connection.exchange(Buffer.concat(parts), "last ")).text();
  const done = text.match(/^(a|last) OK/gm)?.length ?? 0;
  if (done !== to - from) throw new Error(`APPEND: ${done} of ${to - from} were taken: ${text.slice(-300)}`);
}

/** Messages in INBOX. */
export async function exists(connection: ImapConnection): Promise<number> {
  const text = (await connection.command("STATUS INBOX (MESSAGES)")).text();
  return Number(/MESSAGES (\d+)/.exec(text)?.[1]);
}
