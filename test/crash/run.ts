import "./own-engines.ts";

import { parseArgs } from "node:util";
import { crash, type Report } from "./campaign.ts";
import { type CutReport, cutPower } from "./power/cuts.ts";
import { straceMissing } from "./power/strace.ts";
import { embeddedStage, mongodbStage, type StoreKind } from "./stage.ts";

/**
 * `bun run crash --points N --cuts N --store embedded|mongodb --seed S`: kills parts of a real server under load, N
 * times, and cuts the power of its disk; then accounts for what it acknowledged. Ends with 0 if all of it is there,
 * once, the same bytes; else says what is not.
 */
const { values } = parseArgs({
  options: {
    points: { type: "string", default: "1000" },
    cuts: { type: "string", default: "200" },
    store: { type: "string" },
    seed: { type: "string", default: `${Date.now() % 1_000_000_000}` },
  },
});

const stores: readonly StoreKind[] = values.store ? [values.store as StoreKind] : ["embedded", "mongodb"];
const points = Math.ceil(Number(values.points) / stores.length);
const seed = Number(values.seed);
let faults = 0;
for (const store of points > 0 ? stores : []) {
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
      epoch: store === "mongodb" ? 25 : 40,
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

const cuts = Number(values.cuts);
if (cuts > 0 && stores.includes("embedded")) {
  console.log(`power cuts: ${cuts}, seed ${seed}`);
  const began = performance.now();
  const show = (report: CutReport): void => {
    const rate = (report.cuts / ((performance.now() - began) / 60_000)).toFixed(0);
    console.log(
      `${report.cuts} cuts of ${report.recordings} recordings with ${report.operations} operations, ${rate} a minute; ` +
        `${report.acknowledged} acknowledgements, ${report.atRisk} changes at risk, ${report.faults.length} faults`,
    );
  };
  const missing = straceMissing();
  if (missing !== null) console.error(missing);
  else {
    const report = await cutPower({
      cuts,
      perRecording: 20,
      seed,
      load: { milliseconds: 2000, mtas: 8, users: 2 },
      progress: (so) => {
        if (so.cuts % 20 === 0) show(so);
      },
    });
    for (const fault of report.faults) console.error(`  ${fault}`);
    faults += report.faults.length;
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
