import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { planted } from "./planted.ts";

const root = resolve(import.meta.dir, "../../..");

describe("a planted bug is found by the simulator within 1,000 histories", () => {
  for (const { name, seen } of planted) {
    test(name, async () => {
      const args = ["--preload", "./test/simulation/planted/preload.ts", "test/simulation/simulate.ts"];
      const options = ["--runs", "1000", "--until-found", "--processes", "2"];
      const child = Bun.spawn([process.execPath, ...args, ...options], {
        cwd: root,
        env: { ...process.env, EIDER_PLANTED: name },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
      expect(err).toBe("");
      // By what it does to clients and to the log, not by a crash of its own.
      expect(out).toMatch(seen);
      expect(out).toContain("violate what must hold");
      expect(await child.exited).toBe(1);
    });
  }
});
