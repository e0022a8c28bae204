import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyAccount } from "../../../src/actors/account/verify.ts";
import { openSqliteStoresInThread } from "../../../src/store/sqlite/open-stores.ts";
import { startTestServer } from "../../server.ts";
import { Random } from "../random.ts";
import type { DiskOperation } from "./disk-log.ts";
import { DiskModel } from "./disk-model.ts";
import { type Recording, record, settingsFor } from "./recording.ts";

export type CutsWanted = {
  readonly cuts: number;
  readonly perRecording: number;
  readonly seed: number;
  readonly load: { readonly milliseconds: number; readonly mtas: number; readonly users: number };
  readonly progress?: (report: CutReport) => void;
  /** For the test of the test: operations that the disk pretends to have done. */
  readonly ignored?: (operation: DiskOperation) => boolean;
};
export type CutReport = {
  recordings: number;
  cuts: number;
  operations: number;
  /** Changes that some cut could take back, over all cuts. */
  atRisk: number;
  acknowledged: number;
  readonly faults: string[];
};

/**
 * Records servers under load, cuts their power at chosen moments, and starts each image of the disk: all that was
 * acknowledged before the cut is there, and `verify` is clean. The next recording begins on a disk that lost power.
 */
export async function cutPower(wanted: CutsWanted): Promise<CutReport> {
  const random = new Random(wanted.seed);
  const report: CutReport = { recordings: 0, cuts: 0, operations: 0, atRisk: 0, acknowledged: 0, faults: [] };
  const parent = mkdtempSync(join(tmpdir(), "eider-power-"));
  let dataDir = join(parent, "d0");
  try {
    while (report.cuts < wanted.cuts && report.faults.length === 0) {
      const recording = await record(dataDir, random, wanted.load);
      report.recordings++;
      report.operations += recording.operations.length;
      report.acknowledged += recording.crowd.sums.deliveries + recording.crowd.sums.changes;
      for (const fault of recording.faults) report.faults.push(`recording ${report.recordings}: ${fault}`);
      rmSync(dataDir, { recursive: true, force: true });
      const count = Math.min(wanted.perRecording, wanted.cuts - report.cuts);
      dataDir = await cutAt(recording, moments(recording, count, random), parent, random, report, wanted);
    }
    return report;
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

/** Operations after which the power fails: any, and half of the time the last one before something was acknowledged. */
function moments({ operations, crowd }: Recording, count: number, random: Random): number[] {
  const answered = crowd.acknowledgedAt
    .map((position) => operations.findLastIndex(({ end }) => end <= position))
    .filter((at) => at >= 0);
  const chosen = Array.from({ length: count }, () =>
    answered.length > 0 && random.chance(0.5) ? random.one(answered) : random.between(0, operations.length - 1),
  );
  return chosen.sort((a, b) => a - b);
}

async function cutAt(
  recording: Recording,
  at: readonly number[],
  parent: string,
  random: Random,
  report: CutReport,
  { progress, ignored }: CutsWanted,
): Promise<string> {
  const model = new DiskModel(recording.files, recording.directories);
  let applied = 0;
  let last = "";
  for (const moment of at) {
    for (; applied <= moment; applied++) {
      const { operation } = recording.operations[applied]!;
      if (!ignored?.(operation)) model.apply(operation);
    }
    if (last !== "") rmSync(last, { recursive: true, force: true });
    report.cuts++;
    report.atRisk += model.unsynced;
    const image = join(parent, `d${report.cuts}`);
    const kept = random.one([0, 0, 0.5, 0.9, 1]);
    model.writeTo(image, random, kept);
    const where = `cut ${report.cuts} after operation ${moment}, ${kept} of what was not synced kept`;
    for (const fault of await examine(image, recording, recording.operations[moment]!.end)) {
      report.faults.push(`${where}: ${fault}`);
    }
    progress?.(report);
    last = image;
  }
  return last;
}

/** What is wrong with a server that starts on this disk, whose power failed at `position`. */
async function examine(image: string, { crowd, gathered }: Recording, position: number): Promise<string[]> {
  try {
    const faults: string[] = [];
    const stores = openSqliteStoresInThread({ dataDir: image });
    for (const { id } of crowd.users) {
      const { findings } = await verifyAccount(stores, id as never);
      for (const { what, text } of findings) faults.push(`verify: ${what}: ${text}`);
    }
    await stores.close();
    const server = await startTestServer(settingsFor(image));
    try {
      if (position >= gathered) faults.push(...(await crowd.account(server.imap, true, position)));
    } finally {
      await server.close();
    }
    return faults;
  } catch (error) {
    return [`it does not start: ${(error as Error).stack}`];
  }
}
