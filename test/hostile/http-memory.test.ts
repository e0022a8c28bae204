import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { startVictim, token, type Victim, whileAttacked } from "./victim.ts";

const megabyte = 1024 * 1024;
/** What twenty of them may add to the server's memory, MB: each for itself it is far above 1,000. */
const memory = 600;
const clients = 20;

setDefaultTimeout(90_000);

let victim: Victim;
let mallory: string;
let inbox: string;
beforeAll(async () => {
  victim = await startVictim();
  await victim.addUser("bystander");
  mallory = await victim.addUser("mallory");
  const { results } = (await (await victim.api(`/users/${mallory}/mailboxes`)).json()) as {
    results: { id: string; path: string }[];
  };
  inbox = `/users/${mallory}/mailboxes/${results.find(({ path }) => path === "INBOX")!.id}/messages`;
});
afterAll(async () => {
  const errors = victim.errors();
  expect(await victim.stop()).toBe(0);
  expect(errors).toEqual([]);
});

async function store(message: string): Promise<number> {
  const stored = await victim.api(inbox, {
    method: "POST",
    headers: { "content-type": "message/rfc822" },
    body: message,
  });
  return ((await stored.json()) as { message: { id: number } }).message.id;
}

/** Clients that say this and read nothing of the answer. */
function unread(request: string, count = clients): Promise<Socket[]> {
  const asking = Array.from({ length: count }, async () => {
    const socket = connect(victim.http, "127.0.0.1");
    socket.pause();
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(request);
    return socket;
  });
  return Promise.all(asking);
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Access-Token: ${token}\r\n\r\n`;

/** The most memory that is added, MB, while so many clients do this for some seconds, and others work. */
async function addedBy(request: string, count = clients): Promise<number> {
  const before = victim.rss();
  let highest = before;
  const watching = setInterval(() => {
    highest = Math.max(highest, victim.rss());
  }, 50);
  let sockets: Socket[] = [];
  await whileAttacked(victim, "bystander", async () => {
    sockets = await unread(request, count);
    await Bun.sleep(6_000);
  });
  clearInterval(watching);
  for (const socket of sockets) socket.destroy();
  return highest - before;
}

const line = `${"word ".repeat(15)}\r\n`;
const large = line.repeat(Math.ceil((20 * megabyte) / line.length));

for (const [name, path] of [
  ["large messages as JSON", ""],
  ["large messages as they came", "/message.eml"],
] as const) {
  test(`answers that nobody reads: ${name}`, async () => {
    const uid = await store(`Subject: large\r\n\r\n${large}`);
    expect(await addedBy(get(`${inbox}/${uid}${path}`))).toBeLessThan(memory);
    // What they held is there for others as soon as they have gone.
    const read = await victim.api(`${inbox}/${uid}`);
    expect([read.status, ((await read.json()) as { text: string }).text.length > 4_000_000]).toEqual([200, true]);
  });
}

test("a thousand messages as they came that nobody reads", async () => {
  const uid = await store(`Subject: large\r\n\r\n${large}`);
  expect(await addedBy(get(`${inbox}/${uid}/message.eml`), 1_000)).toBeLessThan(memory);
  const bytes = await (await victim.api(`${inbox}/${uid}/message.eml`)).arrayBuffer();
  expect(bytes.byteLength).toBeGreaterThan(20 * megabyte);
});

test("JSON of millions of small values", async () => {
  const json = `{"text":"x","other":[${"{},".repeat(10 * megabyte)}{}]}`;
  const head = `POST ${inbox} HTTP/1.1\r\nHost: x\r\nX-Access-Token: ${token}\r\nContent-Type: application/json\r\n`;
  expect(await addedBy(`${head}Content-Length: ${json.length}\r\n\r\n${json}`)).toBeLessThan(memory);
});

test("an attachment that nobody reads", async () => {
  const part = Buffer.alloc(15 * megabyte, "attached")
    .toString("base64")
    .replaceAll(/.{76}/g, "$&\r\n");
  const uid = await store(
    `Content-Type: application/x; name=a\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n${part}`,
  );
  expect(await addedBy(get(`${inbox}/${uid}/attachments/ATT00001`))).toBeLessThan(memory);
  const bytes = await (await victim.api(`${inbox}/${uid}/attachments/ATT00001`)).arrayBuffer();
  expect(bytes.byteLength).toBe(15 * megabyte);
});

test("who waits too long is told when to come back; what belongs to others is read meanwhile", async () => {
  const uid = await store(`Subject: large\r\n\r\n${large}`);
  const sockets = await unread(get(`${inbox}/${uid}`));
  await Bun.sleep(1_000);
  const refused = await victim.api(`${inbox}/${uid}`);
  expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([503, true]);
  expect((await refused.json()) as object).toMatchObject({ code: "ServerBusy" });
  const listed = await victim.api(`${inbox}?limit=250`);
  expect(listed.status).toBe(200);
  const other = await victim.addUser("other");
  const { results } = (await (await victim.api(`/users/${other}/mailboxes`)).json()) as { results: { id: string }[] };
  const mailbox = `/users/${other}/mailboxes/${results[0]!.id}/messages`;
  const headers = { "content-type": "message/rfc822" };
  await victim.api(mailbox, { method: "POST", headers, body: `Subject: other\r\n\r\n${line.repeat(10_000)}` });
  expect((await victim.api(`${mailbox}/1`)).status).toBe(200);
  for (const socket of sockets) socket.destroy();
});

test("messages that somebody leaves half sent are in nobody else's way", async () => {
  const head = `POST ${inbox} HTTP/1.1\r\nHost: x\r\nX-Access-Token: ${token}\r\nContent-Type: message/rfc822\r\n`;
  const half = `${head}Content-Length: ${2 * megabyte}\r\n\r\nSubject: half\r\n\r\n${"x".repeat(600_000)}`;
  const sockets = (await Promise.all(Array.from({ length: 15 }, () => unread(half)))).flat();
  await Bun.sleep(3_000);
  const alice = await victim.addUser("alice");
  const { results } = (await (await victim.api(`/users/${alice}/mailboxes`)).json()) as { results: { id: string }[] };
  const stored = await victim.api(`/users/${alice}/mailboxes/${results[0]!.id}/messages`, {
    method: "POST",
    headers: { "content-type": "message/rfc822" },
    body: `Subject: whole\r\n\r\n${"x".repeat(megabyte)}`,
  });
  expect(stored.status).toBe(200);
  for (const socket of sockets) socket.destroy();
});

test("bodies that do not end", async () => {
  const json = `{"text":"${"x".repeat(30 * megabyte)}`;
  const head = `POST ${inbox} HTTP/1.1\r\nHost: x\r\nX-Access-Token: ${token}\r\nContent-Type: application/json\r\n`;
  expect(await addedBy(`${head}Content-Length: ${40 * megabyte}\r\n\r\n${json}`)).toBeLessThan(memory);
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${(30 * megabyte).toString(16)}\r\n${json}`;
  expect(await addedBy(chunked)).toBeLessThan(memory);
  const small = await victim.api(inbox, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ subject: "small", text: "x" }),
  });
  expect(small.status).toBe(200);
});
