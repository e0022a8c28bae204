import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openCluster } from "../test/nodes/cluster.ts";
import { measureDocuments } from "../test/nodes/document-sizes.ts";
import { measured, model, shown, table, usual } from "./scaling-model.ts";

setDefaultTimeout(120_000);

test("twice the accounts need twice of everything but nodes' own memory", () => {
  const one = model({ accounts: 10_000_000, ...usual });
  const two = model({ accounts: 20_000_000, ...usual });
  for (const name of ["stored", "changes", "sessions", "directoryBytes", "indexBytes"] as const)
    expect(two[name] / one[name]).toBeCloseTo(2, 6);
  expect(two.perAccount).toBe(one.perAccount);
  expect(two.nodeMemory / one.nodeMemory).toBeCloseTo(1, 2);
  expect(one.deliveries).toBeCloseTo((10_000_000 * 40 * 4) / 86_400, 6);
  expect(one.perAccount).toBeGreaterThan(usual.messages * usual.messageBytes);
});

test("figures are shown with three digits and a prefix", () => {
  expect([0, 1, 999.4, 1000, 4674, 2.344e12].map(shown)).toEqual(["0", "1", "999", "1 k", "4.67 k", "2.34 T"]);
});

test("docs/scaling.md has the model's table", async () => {
  expect(await Bun.file(new URL("../docs/scaling.md", import.meta.url)).text()).toContain(table());
});

const opened = await openCluster();
if ("missing" in opened) describe("documents", () => test.skip(opened.missing, () => {}));
else
  describe("documents", () => {
    test("what a node writes is as large as the model takes it to be, within a quarter", async () => {
      try {
        const sizes = await measureDocuments(opened);
        for (const name of ["delivery", "flagChange", "record", "statePerMessage", "user", "address"] as const) {
          expect([name, Math.abs(sizes[name] / measured[name] - 1) < 0.25, sizes[name]]).toEqual([
            name,
            true,
            sizes[name],
          ]);
        }
      } finally {
        await opened.close();
      }
    });
  });
