import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LoadedConfig, loadConfig } from "../../operation/config.ts";
import { selfSigned } from "../../operation/self-signed.ts";
import { checkCertificate } from "./check-certificate.ts";
import { checkDescriptors, checkMemory } from "./check-machine.ts";

const { config } = loadConfig({ env: {}, cwd: tmpdir() }) as LoadedConfig;

test("too few file descriptors for the connections allowed are told, with what to do", () => {
  const [few] = checkDescriptors(config, 4096);
  expect(few).toMatchObject({ state: "warning", todo: expect.stringContaining("lower max_connections to 3896") });
  expect(checkDescriptors(config, 256)[0]?.state).toBe("failure");
  expect(checkDescriptors(config, 65_536)[0]?.state).toBe("ok");
  expect(checkDescriptors(config, null)).toEqual([]);
});

test("a memory limit that leaves the system nothing is told", () => {
  expect(checkMemory(config, 1024 ** 3)).toMatchObject({
    state: "warning",
    todo: expect.stringContaining("[limits] memory"),
  });
  expect(checkMemory(config, 8 * 1024 ** 3).state).toBe("ok");
});

test("a certificate is told about before it expires, and when it is for another name", () => {
  const scene = mkdtempSync(join(tmpdir(), "eider-doctor-"));
  const now = new Date("2030-01-01T00:00:00Z");
  const days = (count: number) => new Date(now.getTime() + count * 86_400_000);
  const look = (name: string, until: Date) => {
    const { cert, key } = selfSigned({ names: [name], organization: "Example Ltd", from: days(-100), until });
    const tls = { cert: join(scene, "cert.pem"), key: join(scene, "key.pem") };
    writeFileSync(tls.cert, cert);
    writeFileSync(tls.key, key);
    return checkCertificate({ ...config, hostname: "mail.example.com", tls }, now);
  };
  expect(look("mail.example.com", days(60)).state).toBe("ok");
  expect(look("*.example.com", days(60)).state).toBe("ok");
  expect(look("*.com", days(60))).toMatchObject({
    state: "warning",
    text: expect.stringContaining("not for mail.example.com"),
  });
  expect(look("mail.example.com", days(5))).toMatchObject({
    state: "warning",
    text: expect.stringContaining("5 more days"),
  });
  expect(look("mail.example.com", days(-1))).toMatchObject({
    state: "failure",
    text: expect.stringContaining("expired on 2029-12-31"),
  });
  rmSync(scene, { recursive: true });
});
