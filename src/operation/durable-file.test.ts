import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCertificate } from "./certificate.ts";
import { createFile, replaceFile } from "./durable-file.ts";
import { rootToken } from "./root-token.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "eider-durable-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

test("a file is replaced, or made once, for its owner alone, and nothing else is left behind", () => {
  const file = join(directory, "file");
  expect(createFile(file, "one")).toBe(true);
  expect(createFile(file, "two")).toBe(false);
  expect(readFileSync(file, "utf8")).toBe("one");
  replaceFile(file, "three");
  expect(readFileSync(file, "utf8")).toBe("three");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["file"]);
});

test("a token file that a crash left empty is no token: a new one is made and stays", () => {
  const config = { data: directory, http: { token: null } } as never;
  writeFileSync(join(directory, "token"), "");
  const token = rootToken(config);
  expect(token).toMatch(/^[0-9a-f]{40}$/);
  expect(rootToken(config)).toBe(token);
});

test("a crash between a renewed key and its certificate: both are made again", () => {
  const [one, other] = [join(directory, "one"), join(directory, "other")];
  const config = (data: string) => ({ tls: { cert: null, key: null }, data, hostname: "mail.example.org" }) as never;
  openCertificate(config(one), new Date());
  openCertificate(config(other), new Date());
  writeFileSync(join(one, "tls", "key.pem"), readFileSync(join(other, "tls", "key.pem")));
  const made = openCertificate(config(one), new Date()).current();
  expect(made.selfSigned).toBe(true);
  expect(openCertificate(config(one), new Date()).current().cert).toBe(made.cert);
});
