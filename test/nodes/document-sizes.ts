import { randomBytes } from "node:crypto";
import { BSON, type Document, MongoClient } from "mongodb";
import { LmtpClient } from "../lmtp-client.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { selected } from "./picture.ts";

/** Bytes as BSON, averages over what a real node has written for one account. */
export type DocumentSizes = {
  /** A delivery's log entry without the message's own bytes, small messages and large ones. */
  readonly delivery: number;
  /** A log entry of one flag change of one message. */
  readonly flagChange: number;
  /** What never changes of a message: places, ENVELOPE, BODYSTRUCTURE, summary. */
  readonly record: number;
  /** The state of an account, each message. */
  readonly statePerMessage: number;
  /** The rest of the state of an account: folders, recent requests. */
  readonly stateBase: number;
  readonly user: number;
  readonly address: number;
  /** Of a message whose bytes are not in the log: its share of file, reference and chunk documents, without its own bytes. */
  readonly attachment: number;
};

const messages = 300;
const large = 20;
const changes = 100;

/** Delivers messages of 4 kB and 75 kB to an account of a fresh node, sets flags, and reads what lies in the database then. */
export async function measureDocuments(cluster: Cluster): Promise<DocumentSizes> {
  const node = await cluster.node();
  await node.addUser("sizes");
  const mta = await LmtpClient.open(node.lmtp);
  for (let n = 0; n < messages + large; n++) {
    const reply = await mta.deliver(
      "sizes@localhost",
      letter(n, n < messages ? 4096 : 75_000),
      `sender${n}@example.org`,
    );
    if (!reply?.startsWith("250")) throw new Error(`Cannot deliver: ${reply}`);
  }
  mta.close();
  const client = await selected(node.imap, "sizes@localhost");
  for (let n = 0; n < changes; n++) await client.ok(`UID STORE ${1 + n} +FLAGS.SILENT (\\Seen)`);
  client.close();
  // Leaving writes what is behind the log.
  await node.close();

  const connection = new MongoClient(cluster.mongo.url, { promoteBuffers: true });
  const db = connection.db(cluster.database);
  const all = (name: string) => db.collection(name).find().toArray();
  const size = (documents: readonly Document[]) =>
    documents.reduce((sum, document) => sum + BSON.calculateObjectSize(document), 0);
  try {
    const log = await all("log");
    const kindOf = ({ transactions }: Document): string => transactions?.[0]?.events?.[0]?.kind ?? "";
    const deliveries = log.filter((entry) => kindOf(entry) === "appended");
    const flags = log.filter((entry) => kindOf(entry) === "flagsChanged");
    const bodies = deliveries.reduce(
      (sum, entry) => sum + entry.bodies.reduce((bytes: number, body: Uint8Array) => bytes + body.length, 0),
      0,
    );
    const [parts, heads, records] = [await all("parts"), await all("snapshots"), await all("messages")];
    const [files, references, chunks] = [
      await all("attachments.files"),
      await all("blobrefs"),
      await all("attachments.chunks"),
    ];
    const inChunks = chunks.reduce((sum, { data }) => sum + data.length, 0);
    const round = (value: number) => Math.round(value);
    return {
      delivery: round((size(deliveries) - bodies) / deliveries.length),
      flagChange: round(size(flags) / flags.length),
      record: round(size(records) / records.length),
      statePerMessage: round(size(parts) / (messages + large)),
      stateBase: round(size(heads) / heads.length),
      user: round(size(await all("users"))),
      address: round(size(await all("addresses"))),
      attachment:
        files.length === 0 ? 0 : round((size(files) + size(references) + size(chunks) - inChunks) / files.length),
    };
  } finally {
    await connection.close();
  }
}

function letter(n: number, bytes: number): string {
  const head = [
    "Received: from mail.example.org (mail.example.org [203.0.113.7]) by mx.example.com; Sat, 1 Nov 2025 10:00:00 +0000",
    `From: "Sender Number ${n}" <sender${n}@example.org>`,
    'To: "A Recipient" <sizes@localhost>',
    `Subject: The ${n}th message, about something that takes a few words`,
    `Message-ID: <${randomBytes(12).toString("hex")}@mail.example.org>`,
    `In-Reply-To: <${randomBytes(12).toString("hex")}@mail.example.org>`,
    "Date: Sat, 1 Nov 2025 10:00:00 +0000",
    "MIME-Version: 1.0",
    'Content-Type: multipart/alternative; boundary="b"',
  ].join("\r\n");
  const text = randomBytes(Math.floor(bytes * 0.36))
    .toString("base64")
    .replaceAll(/.{76}/g, "$&\r\n");
  const half = Math.floor(text.length / 2);
  return `${head}\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text.slice(0, half)}\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${text.slice(half)}\r\n--b--\r\n`;
}

if (import.meta.main) {
  const cluster = await openCluster();
  if ("missing" in cluster) throw new Error(cluster.missing);
  console.log(JSON.stringify(await measureDocuments(cluster), null, 2));
  await cluster.close();
  process.exit(0);
}
