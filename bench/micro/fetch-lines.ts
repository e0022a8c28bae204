/**
 * Writing FETCH lines from columns: strings joined and encoded, as one would at first, beside `writeFetchLines`.
 *
 *     bun bench/micro/fetch-lines.ts [messages = 10000] [rounds = 200]
 *
 * Prints nanoseconds a message: the median of the rounds, and the quickest and slowest. Order alternates by round.
 */
import { cpus } from "node:os";
import type { Columns } from "../../src/actors/account/requests.ts";
import { type ColumnItems, writeFetchLines } from "../../src/protocols/imap/wire/print/fetch-lines.ts";
import { type ByteSink, ResponseBuffer } from "../../src/protocols/imap/wire/print/response-buffer.ts";
import { sequenceWalk } from "../../src/protocols/imap/wire/print/sequence-walk.ts";

const messages = Number(process.argv[2] ?? 10_000);
const rounds = Number(process.argv[3] ?? 200);

const workloads: Record<string, ColumnItems> = {
  FLAGS: { flags: true },
  "UID FLAGS": { uid: true, flags: true },
  "UID FLAGS RFC822.SIZE": { uid: true, flags: true, size: true },
  "UID FLAGS MODSEQ RFC822.SIZE INTERNALDATE": { uid: true, flags: true, modseq: true, size: true, internaldate: true },
};

/** Counts octets, so that the work cannot be left out. */
class Counter implements ByteSink {
  octets = 0;
  write(bytes: Uint8Array): void {
    this.octets += bytes.length;
  }
}

const systemFlags = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function joinedStrings(columns: Columns, items: ColumnItems, sink: ByteSink): void {
  const sequences = new Map(Array.from(columns.uids, (uid, index) => [uid, index + 1]));
  let text = "";
  columns.uids.forEach((uid, index) => {
    const parts: string[] = [];
    if (items.uid) parts.push(`UID ${uid}`);
    if (items.flags) {
      const packed = columns.flags[index]!;
      const flags = systemFlags.filter((_, bit) => packed & (1 << bit));
      parts.push(`FLAGS (${[...flags, ...(columns.keywordSets[packed >>> 5] ?? [])].join(" ")})`);
    }
    if (items.modseq) parts.push(`MODSEQ (${columns.modseqs[index]})`);
    if (items.size) parts.push(`RFC822.SIZE ${columns.sizes[index]}`);
    if (items.internaldate) {
      const [date, time] = new Date(columns.dates[index]! * 1000).toISOString().split("T") as [string, string];
      const [year, month, day] = date.split("-") as [string, string, string];
      parts.push(`INTERNALDATE "${day}-${months[Number(month) - 1]}-${year} ${time.slice(0, 8)} +0000"`);
    }
    text += `* ${sequences.get(uid)} FETCH (${parts.join(" ")})\r\n`;
  });
  sink.write(new TextEncoder().encode(text), true);
}

const buffers = new Map<ByteSink, ResponseBuffer>();

function written(columns: Columns, items: ColumnItems, sink: ByteSink): void {
  const out = buffers.get(sink) ?? new ResponseBuffer(sink);
  buffers.set(sink, out);
  writeFetchLines(out, columns, items, sequenceWalk([1, messages]));
  out.flush();
}

const columns: Columns = {
  ok: true,
  seq: messages,
  uids: Uint32Array.from({ length: messages }, (_, index) => index + 1),
  modseqs: Uint32Array.from({ length: messages }, (_, index) => index + 1),
  flags: Uint32Array.from({ length: messages }, (_, index) => ((index % 3) << 5) | ((index * 7) % 32)),
  keywordSets: [[], ["$Label1"], ["$Label1", "$NotJunk"]],
  sizes: Uint32Array.from({ length: messages }, (_, index) => 2000 + ((index * 7919) % 60_000)),
  dates: Uint32Array.from({ length: messages }, (_, index) => 1_700_000_000 + index * 600),
  messages: new Uint8Array(0),
};

const alternatives = { "joined strings": joinedStrings, writeFetchLines: written };
const nanoseconds = (samples: number[]) => {
  const sorted = samples.sort((a, b) => a - b).map((sample) => Math.round(sample / messages));
  return `${String(sorted[sorted.length >> 1]).padStart(6)} ns (${sorted[0]} … ${sorted.at(-1)})`;
};

console.log(`${cpus()[0]?.model}, Bun ${Bun.version}, ${messages} messages, ${rounds} rounds`);
for (const [name, items] of Object.entries(workloads)) {
  const sinks = Object.keys(alternatives).map(() => new Counter());
  const samples: number[][] = sinks.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = Object.values(alternatives).map((run, index) => ({ run, index }));
    if (round % 2 === 1) order.reverse();
    for (const { run, index } of order) {
      const start = Bun.nanoseconds();
      run(columns, items, sinks[index]!);
      samples[index]!.push(Bun.nanoseconds() - start);
    }
  }
  if (sinks[0]!.octets !== sinks[1]!.octets) throw new Error(`The alternatives differ: ${sinks.map((s) => s.octets)}`);
  console.log(name);
  Object.keys(alternatives).forEach((alternative, index) => {
    console.log(`  ${alternative.padEnd(16)} ${nanoseconds(samples[index]!)} a message`);
  });
}
