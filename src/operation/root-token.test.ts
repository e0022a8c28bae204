import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "./config.ts";
import { readRootToken, rootToken, rootTokenFile } from "./root-token.ts";

test("a token is made once, readable by its owner only, and a configured one goes before it", () => {
  const data = join(mkdtempSync(join(tmpdir(), "eider-token-")), "data");
  const config = (token: string | null) => ({ data, http: { token } as Config["http"] });
  expect(readRootToken(config(null))).toBeNull();
  const token = rootToken(config(null));
  expect(token).toMatch(/^[0-9a-f]{40}$/);
  expect(rootToken(config(null))).toBe(token);
  expect(readRootToken(config(null))).toBe(token);
  expect(statSync(rootTokenFile({ data })).mode & 0o777).toBe(0o600);
  expect(readFileSync(rootTokenFile({ data }), "utf8")).toBe(`${token}\n`);
  expect(rootToken(config("configured-by-hand"))).toBe("configured-by-hand");
  rmSync(data, { recursive: true });
});
