import assert from "node:assert/strict";
import { once } from "node:events";
import { ImapFlow } from "imapflow";

/** Runs by Node: `PORT STARTTLS|TLS USER PASSWORD`. Says `done`. */
const [port, way, user, pass] = process.argv.slice(2);

async function open(more = {}) {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: Number(port),
    secure: way === "TLS",
    tls: { rejectUnauthorized: false },
    auth: { user, pass },
    logger: false,
    qresync: true,
    ...more,
  });
  await client.connect();
  assert.equal(client.secureConnection, true);
  return client;
}

const writer = await open();
assert.deepEqual([...writer.enabled].sort(), ["CONDSTORE", "QRESYNC", "UTF8=ACCEPT"]);
await writer.mailboxCreate(["Проекты", "日本語 & Co", "Grüße"]);
assert.deepEqual(
  (await writer.list()).map(({ path }) => path).filter((path) => path.startsWith("Проекты")),
  ["Проекты", "Проекты/日本語 & Co", "Проекты/日本語 & Co/Grüße"],
);
await writer.mailboxRename("Проекты/日本語 & Co", "Проекты/Renamed");
const folder = "Проекты/Renamed/Grüße";
await writer.mailboxSubscribe(folder);
await writer.mailboxOpen(folder);
for (let at = 1; at <= 5; at++) {
  await writer.append(
    folder,
    `Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= ${at}\r\n\r\n${at}\r\n`,
    at === 1 ? ["\\Seen"] : [],
  );
}
const { uidValidity, highestModseq } = await writer.status(folder, { uidValidity: true, highestModseq: true });

// News of all kinds reach a session that idles.
const reader = await open({ clientInfo: { name: "reader" } });
await reader.mailboxOpen(folder);
assert.equal(reader.mailbox.exists, 5);
const idle = reader.idle();
const news = (event) => once(reader, event).then(([value]) => value);
const heard = [news("exists"), news("flags"), news("expunge")];
await writer.append(folder, "Subject: six\r\n\r\nsix\r\n");
assert.deepEqual(await heard[0].then(({ path, count, prevCount }) => [path, count, prevCount]), [folder, 6, 5]);
await writer.messageFlagsAdd("2", ["\\Flagged", "$Work"]);
const changed = await heard[1];
// Not \Recent: the writer has been told of it first.
assert.deepEqual([changed.seq, changed.uid, [...changed.flags].sort()], [2, 2, ["$Work", "\\Flagged"]]);
assert.equal(changed.modseq > highestModseq, true);
await writer.messageDelete("3", { uid: true });
const gone = await heard[2];
assert.deepEqual([gone.vanished, gone.uid], [true, 3]);

// CONDSTORE: what has changed since, and a change that comes too late.
const since = [];
for await (const message of writer.fetch("1:*", { uid: true, flags: true }, { changedSince: highestModseq })) {
  since.push(message.uid);
}
assert.deepEqual(since, [2, 6]);
await writer.messageFlagsAdd("2", ["\\Answered"], { unchangedSince: highestModseq });
assert.equal((await writer.fetchOne("2", { flags: true })).flags.has("\\Answered"), false);

// QRESYNC: what a client missed while it was away.
await reader.logout();
await idle.catch(() => {});
const back = await open();
const missed = { flags: [], vanished: [] };
back.on("flags", ({ uid }) => missed.flags.push(uid));
back.on("expunge", ({ uid }) => missed.vanished.push(uid));
await back.mailboxOpen(folder, { changedSince: highestModseq, uidValidity });
assert.deepEqual(missed.vanished, [3]);

const { uidMap } = await writer.messageCopy("1:2", "Drafts");
assert.equal(uidMap.size, 2);
assert.equal((await writer.messageMove("1", "Trash")).uidMap.size, 1);
await back.noop();
assert.deepEqual(await back.search({ all: true }, { uid: true }), [2, 4, 5, 6]);
assert.deepEqual(
  await back.search({ subject: "GRÜSSE".replace("SS", "ß"), unKeyword: "$Work" }, { uid: true }),
  [4, 5],
);
await back.mailboxClose();
await back.mailboxDelete(folder);
await back.mailboxDelete("Проекты/Renamed");
await back.mailboxDelete("Проекты");
assert.equal(
  (await back.list()).some(({ path }) => path.startsWith("Проекты")),
  false,
);
await assert.rejects(back.mailboxDelete("Проекты"));
const wrong = new ImapFlow({
  host: "127.0.0.1",
  port: Number(port),
  secure: way === "TLS",
  tls: { rejectUnauthorized: false },
  auth: { user, pass: "wrong" },
  logger: false,
});
await assert.rejects(wrong.connect(), { authenticationFailed: true });
wrong.close();
await Promise.all([writer.logout(), back.logout()]);
console.log("done");
