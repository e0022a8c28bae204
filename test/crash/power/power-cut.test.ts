import { describe, expect, test } from "bun:test";
import { cutPower } from "./cuts.ts";
import { straceMissing } from "./strace.ts";

const missing = straceMissing();
if (missing !== null) describe("power cuts", () => test.skip(missing, () => {}));
else
  describe("power cuts", () => {
    const load = { milliseconds: 1200, mtas: 6, users: 2 };

    test("whatever part of what was not synced is lost: all that was acknowledged is there", async () => {
      const report = await cutPower({ cuts: 16, perRecording: 8, seed: 5, load });
      expect(report.faults).toEqual([]);
      expect(report.cuts).toBe(16);
      expect(report.acknowledged).toBeGreaterThan(50);
      expect(report.atRisk).toBeGreaterThan(16);
    }, 180_000);

    test("a disk that only pretends to sync the log is found out", async () => {
      const ignored = ({ kind, path }: { kind: string; path: string }) => kind === "synced" && path === "eider.db-wal";
      const report = await cutPower({ cuts: 6, perRecording: 6, seed: 6, load, ignored });
      expect(report.faults.join("\n")).toMatch(/is missing|does not start/);
    }, 180_000);
  });
