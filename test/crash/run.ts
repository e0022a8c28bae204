import "./own-engines.ts";

import { parseArgs } from "node:util";
import { crash, type Report } from "./campaign.ts";
import { embeddedStage, mongodbStage, type StoreKind } from "./stage.ts";

/**
 * `bun run crash --points N --store embedded|mongodb --seed S`: kills parts of a real server under load, N times, and
 * accounts for what it acknowledged. Ends with 0 if all of it is there, once, the same bytes; else says what is not.
 */
const { values } = parseArgs({
  options: {
    points: { type: "string", default: "1000" },
    store: { type: "string" },
    seed: { type: "string", default: `${Date.now() % 1_000_000_000}` },
  },
});

const stores: readonly StoreKind[] = values.store ? [values.store as StoreKind] : ["embedded", "mongodb"];
const points = Math.ceil(Number(values.points) / stores.length);
const seed = Number(values.seed);
let faults = 0;
for (const store of stores) {
  const stage = store === "mongodb" ? await mongodbStage() : await embeddedStage();
  if ("missing" in stage) {
    console.error(`${store}: ${stage.missing}`);
    faults++;
    continue;
  }
  console.log(`${store}: ${points} points, seed ${seed}`);
  const began = performance.now();
  const minutes = () => (performance.now() - began) / 60_000;
  try {
    const report = await crash(stage, {
      points,
      seed,
      crowd: store === "mongodb" ? { mtas: 12, users: 3 } : { mtas: 24, users: 4 },
      epoch: 40,
      progress: (so) => {
        if (so.points % 20 === 0) console.log(line(so, minutes()));
      },
    });
    console.log(`${store} done: ${line(report, minutes())}`);
    for (const fault of report.faults) console.error(`  ${fault}`);
    faults += report.faults.length;
  } finally {
    await stage.close();
  }
}
process.exit(faults === 0 ? 0 : 1);

function line({ points: done, killed, sums, verified, faults: found }: Report, minutes: number): string {
  const kills = Object.entries(killed).map(([target, count]) => `${target} ${count}`);
  return [
    `${done} points (${kills.join(", ")}), ${(done / minutes).toFixed(0)} a minute`,
    `${sums.deliveries} deliveries acknowledged of ${sums.tried} tried, ${sums.removals} removed by POP3`,
    `${sums.changes} changes by IMAP and HTTP acknowledged, ${sums.doubts} in doubt of which ${sums.kept} were kept`,
    `verify: ${verified.times} accounts, ${verified.entries} entries, ${verified.messages} messages`,
    `${found.length} faults`,
  ].join("; ");
}
