import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeToOthers, exposedBackup, exposedData } from "./private-files.ts";

let data: string;
const at = (name: string) => join(data, name);
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "eider-modes-"));
  chmodSync(data, 0o755);
  mkdirSync(at("tls"));
  mkdirSync(at("blobs"));
  for (const name of ["eider.db", "eider.db-wal", "state.db", "token", "tls/key.pem", "tls/cert.pem", "notes.txt"]) {
    writeFileSync(at(name), "x");
    chmodSync(at(name), 0o644);
  }
  chmodSync(at("blobs"), 0o755);
  chmodSync(at("tls"), 0o755);
});
afterEach(() => rmSync(data, { recursive: true }));

const secrets = ["blobs", "eider.db", "eider.db-wal", "state.db", "tls/key.pem", "token"];

test("what holds mail or gives rights is found where others can get at it, and nothing else", () => {
  expect(exposedData(data).sort()).toEqual(secrets.map(at));
  chmodSync(at("token"), 0o600);
  chmodSync(at("state.db"), 0o640);
  chmodSync(at("tls"), 0o700);
  expect(exposedData(data).sort()).toEqual(["blobs", "eider.db", "eider.db-wal", "state.db"].map(at));
  chmodSync(data, 0o700);
  expect(exposedData(data)).toEqual([]);
  expect(exposedData(at("nowhere"))).toEqual([]);
});

test("a backup is all secret", () => {
  expect(exposedBackup(data)).toContain(at("notes.txt"));
});

test("it is closed to others, and stays as it was for the owner", () => {
  expect(closeToOthers([...exposedData(data), at("gone")])).toEqual([]);
  expect(exposedData(data)).toEqual([]);
  const modes = Object.fromEntries(
    ["blobs", "token", "notes.txt", "tls/cert.pem"].map((name) => [name, statSync(at(name)).mode & 0o777]),
  );
  expect(modes).toEqual({ blobs: 0o700, token: 0o600, "notes.txt": 0o644, "tls/cert.pem": 0o644 });
});
