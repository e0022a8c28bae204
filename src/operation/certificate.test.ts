import { afterEach, beforeEach, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { openCertificate } from "./certificate.ts";
import { selfSigned } from "./self-signed.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "eider-tls-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const now = new Date("2030-03-01T12:00:00Z");
const later = (days: number) => new Date(now.getTime() + days * 86_400_000);
const none = { cert: null, key: null };
const config = (hostname = "mail.example.com") => ({ data: directory, hostname, tls: none });

test("without a configured certificate one is made for the host name, loopback included", () => {
  const { cert, names, selfSigned, validFrom, validUntil } = openCertificate(config(), now).current();
  const parsed = new X509Certificate(cert);
  expect(selfSigned).toBe(true);
  expect(names.slice(0, 3)).toEqual(["mail.example.com", "localhost", "127.0.0.1"]);
  expect([validFrom, validUntil]).toEqual([later(-1), later(824)]);
  expect(parsed.checkHost("mail.example.com")).toBe("mail.example.com");
  expect(parsed.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  expect(statSync(join(directory, "tls", "key.pem")).mode & 0o777).toBe(0o600);
});

test("it is kept over restarts, and made again when the host name changes or it is about to expire", () => {
  const first = openCertificate(config(), now).current();
  expect(openCertificate(config(), later(100)).current().cert).toBe(first.cert);
  const renewed = openCertificate(config(), later(800)).current();
  expect(renewed.validUntil).toEqual(later(800 + 824));
  expect(openCertificate(config("other.example.com"), later(800)).current().names).toContain("other.example.com");
});

test("a TLS client that is given the certificate trusts the server by name", async () => {
  const { cert, key } = openCertificate(config("localhost"), new Date()).current();
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, tls: { cert, key }, socket: { data() {} } });
  const authorized = await new Promise<boolean>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: server.port, servername: "localhost", ca: cert }, () => {
      resolve(socket.authorized);
      socket.end();
    });
    socket.on("error", reject);
  });
  server.stop(true);
  expect(authorized).toBe(true);
});

const write = (name: string, content: string) => {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
};
const pair = (name: string, from = now, until = later(90)) => {
  const made = selfSigned({ names: [name], organization: "Example Ltd", from, until });
  return { tls: { cert: write(`${name}.cert.pem`, made.cert), key: write(`${name}.key.pem`, made.key) }, made };
};

test("reload takes the new certificate, and keeps the old one when the new one is no good", () => {
  const { tls } = pair("a.example.com");
  const keeper = openCertificate({ ...config(), tls }, now);
  expect(keeper.current()).toMatchObject({ selfSigned: false, names: ["a.example.com"] });
  const b = pair("b.example.com").made;
  write("a.example.com.cert.pem", b.cert);
  expect(() => keeper.reload(now)).toThrow(/is not the key of .*a\.example\.com\.cert\.pem/);
  expect(keeper.current().names).toEqual(["a.example.com"]);
  write("a.example.com.key.pem", b.key);
  expect(keeper.reload(now).names).toEqual(["b.example.com"]);
  expect(keeper.current().names).toEqual(["b.example.com"]);
});

test("a certificate that cannot serve is refused with what to do", () => {
  const { tls } = pair("a.example.com");
  const open = (change: Partial<typeof tls>, at = now) =>
    openCertificate({ ...config(), tls: { ...tls, ...change } }, at);
  expect(() => open({}, later(91))).toThrow(/expired on 2030-05-30: renew it/);
  expect(() => open({ cert: join(directory, "none.pem") })).toThrow(/none\.pem cannot be read/);
  expect(() => open({ cert: write("x.pem", "x") })).toThrow(/x\.pem holds no certificate in PEM form/);
  expect(() => open({ key: write("y.pem", "y") })).toThrow(/y\.pem holds no private key in PEM form/);
});

test("dates after 2049 are written as RFC 5280 wants them", () => {
  const { made } = pair("a.example.com", now, new Date("2051-02-03T04:05:06Z"));
  expect(new Date(new X509Certificate(made.cert).validTo)).toEqual(new Date("2051-02-03T04:05:06Z"));
});
