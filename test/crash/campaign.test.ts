import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ownEnginesMissing } from "../engines.ts";
import { crash } from "./campaign.ts";
import { embeddedStage, mongodbStage } from "./stage.ts";

const points = 12;
// Engines to be killed are nobody else's.
const missing = ownEnginesMissing();

describe("kill -9 under a mixed load", () => {
  test(`embedded: all that was acknowledged is there, once, after each of ${points} points`, async () => {
    const stage = await embeddedStage();
    try {
      const report = await crash(stage, { points, seed: 7, crowd: { mtas: 16, users: 2 }, epoch: points });
      expect(report.faults).toEqual([]);
      expect(report.points).toBe(points);
      expect(report.sums.deliveries).toBeGreaterThan(points);
      expect(report.sums.changes).toBeGreaterThan(points);
      expect(report.verified.times).toBeGreaterThan(0);
    } finally {
      await stage.close();
    }
  }, 120_000);

  test("what a crash really loses is seen: one log entry less, and one message fewer, are faults", async () => {
    const stage = await embeddedStage();
    try {
      let taken = 0;
      const lossy = {
        ...stage,
        targets: { node: 1 },
        async verify() {
          // Stands where the disk would: between the crash and the restart the newest delivery of an account goes.
          const database = new Database(join(stage.settings.EIDER_DATA!, "eider.db"));
          taken += database.run(
            `DELETE FROM entries WHERE transactions LIKE '%"lmtp-%'
             AND NOT EXISTS (SELECT 1 FROM entries AS later WHERE later.account = entries.account AND later.seq > entries.seq)`,
          ).changes;
          database.close();
          return [];
        },
      };
      const report = await crash(lossy, { points: 6, seed: 3, crowd: { mtas: 8, users: 2 }, epoch: 6 });
      expect(taken).toBeGreaterThan(0);
      expect(report.faults.join("\n")).toMatch(/was acknowledged and is missing|UIDNEXT was|is missing|logged/);
    } finally {
      await stage.close();
    }
  }, 120_000);

  const withEngines = missing === null ? test : test.skip;
  withEngines(
    `MongoDB, two nodes: the same, with Redis and the database killed, too${missing === null ? "" : `: ${missing}`}`,
    async () => {
      const stage = await mongodbStage();
      if ("missing" in stage) throw new Error(stage.missing);
      try {
        const report = await crash(stage, { points, seed: 11, crowd: { mtas: 6, users: 1 }, epoch: points });
        expect(report.faults).toEqual([]);
        expect(report.sums.deliveries).toBeGreaterThan(points);
        expect(report.verified.times).toBe(points);
      } finally {
        await stage.close();
      }
    },
    180_000,
  );
});
