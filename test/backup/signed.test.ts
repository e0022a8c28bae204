import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readManifest, writeManifest } from "../../src/backup/manifest.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { startTestServer } from "../server.ts";
import { done, eider, letter, subjectsIn } from "./scene.ts";

setDefaultTimeout(60_000);

let parent: string;
let data: string;
let backup: string;
/** Files of a key, its public half, and another's. */
let keys: { own: string; ownPublic: string; other: string; otherPublic: string; rsa: string };
const env = () => ({ EIDER_DATA: data });

function keyPair(name: string, kind: "ed25519" | "rsa" = "ed25519"): [string, string] {
  const pair = kind === "rsa" ? generateKeyPairSync("rsa", { modulusLength: 2048 }) : generateKeyPairSync("ed25519");
  const files: [string, string] = [join(parent, name), join(parent, `${name}.pub`)];
  writeFileSync(files[0], pair.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  writeFileSync(files[1], pair.publicKey.export({ type: "spki", format: "pem" }));
  return files;
}

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "eider-signed-"));
  data = join(parent, "data");
  backup = join(parent, "backup");
  const [own, ownPublic] = keyPair("own");
  const [other, otherPublic] = keyPair("other");
  const [rsa] = keyPair("rsa", "rsa");
  keys = { own, ownPublic, other, otherPublic, rsa };
  const server = await startTestServer(env());
  await server.addUser("ann");
  const lmtp = await LmtpClient.open(server.lmtp);
  await lmtp.deliver("ann@localhost", letter("first"));
  lmtp.close();
  await server.close();
  await done(["backup", backup, "--sign", own], env());
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const copyOf = (name: string) => {
  const copy = join(parent, name);
  cpSync(backup, copy, { recursive: true });
  return copy;
};

test("--check says by whom a backup is signed, whether that is proven, and when it is not signed", async () => {
  expect((await done(["backup", "--check", backup], env())).out).toMatch(
    /\nSigned by the key [0-9a-f]{16}…; --signed-by/,
  );
  for (const key of [keys.ownPublic, keys.own]) {
    expect((await done(["backup", "--check", backup, "--signed-by", key], env())).out).toEndWith(
      "\nSigned by the key that was given\n",
    );
  }
  const unsigned = join(parent, "unsigned");
  await done(["backup", unsigned], env());
  expect((await done(["backup", "--check", unsigned], env())).out).toContain("\nNot signed: ");
  const json = (words: string[]) => done([...words, "--json"], env()).then((said) => said.json<object>());
  expect(await json(["backup", "--check", unsigned])).toMatchObject({ signature: null, proven: false });
  expect(await json(["backup", "--check", backup, "--signed-by", keys.ownPublic])).toMatchObject({ proven: true });
});

test("what is not signed by the key that was given is neither checked nor restored", async () => {
  const unsigned = copyOf("not-signed");
  writeManifest(unsigned, readManifest(unsigned));
  const changed = copyOf("changed");
  const { signature } = JSON.parse(readFileSync(join(backup, "manifest.json"), "utf8"));
  writeManifest(changed, {
    ...readManifest(changed),
    source: { ...readManifest(changed).source, hostname: "other.example" },
  });
  const written = JSON.parse(readFileSync(join(changed, "manifest.json"), "utf8"));
  writeFileSync(join(changed, "manifest.json"), `${JSON.stringify({ ...written, signature }, null, 2)}\n`);
  for (const [root, key, why] of [
    [unsigned, keys.ownPublic, "the backup is not signed"],
    [backup, keys.otherPublic, "the backup is signed by another key"],
    [changed, keys.ownPublic, "the backup's signature is not that of what the backup says"],
  ] as const) {
    const into = join(parent, "into");
    for (const words of [
      ["backup", "--check", root],
      ["restore", root, "--into", into],
      ["restore", root, "--account", "ann@localhost", "--as", "ann2@localhost"],
    ]) {
      const said = await eider([...words, "--signed-by", key], env());
      expect(said).toMatchObject({ code: 1, out: "" });
      expect(said.err).toContain(why);
    }
    expect(existsSync(into)).toBe(false);
  }
});

test("a signature is nothing beside the checksum: a change of it is a damage", async () => {
  const changed = copyOf("odd");
  const text = readFileSync(join(changed, "manifest.json"), "utf8");
  writeFileSync(join(changed, "manifest.json"), text.replace('"signature"', '"sign"'));
  expect((await eider(["backup", "--check", changed], env())).err).toContain("does not match its own checksum");
});

test("what is signed by the key that was given is restored, by the command and by a running server", async () => {
  const into = join(parent, "restored");
  await done(["restore", backup, "--into", into, "--signed-by", keys.ownPublic], env());
  const server = await startTestServer({ EIDER_DATA: into });
  try {
    const as = (name: string, key: string) =>
      eider(["restore", backup, "--account", "ann@localhost", "--as", `${name}@localhost`, "--signed-by", key], {
        EIDER_DATA: into,
        EIDER_HTTP_PORT: String(server.http),
      });
    expect(await as("again", keys.ownPublic)).toMatchObject({ code: 0 });
    expect(await subjectsIn(server.imap, "again")).toEqual(["first"]);
    const api = (signedBy: string) =>
      fetch(`http://127.0.0.1:${server.http}/restores`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-access-token": server.token },
        body: JSON.stringify({
          ...{ directory: backup, as: "third@localhost", renew: "none", signedBy },
          account: JSON.parse(readFileSync(listOf(backup), "utf8").split("\n")[0]!).user.id,
        }),
      }).then((answer) => answer.json() as Promise<{ id: string }>);
    const { id } = await api(readFileSync(keys.otherPublic, "utf8"));
    for (;;) {
      const job = (await (
        await fetch(`http://127.0.0.1:${server.http}/restores/${id}`, { headers: { "x-access-token": server.token } })
      ).json()) as { state: string; why?: string };
      if (job.state === "running") continue;
      expect(job).toMatchObject({ state: "failed", why: expect.stringContaining("signed by another key") });
      break;
    }
  } finally {
    await server.close();
  }
});

const listOf = (root: string) => join(root, `accounts.${readManifest(root).list.sha256}.jsonl`);

test("the next run vouches for what is there already: it must be signed by the same key", async () => {
  const mine = copyOf("mine");
  await done(["backup", mine, "--sign", keys.own], env());
  await done(["backup", "--check", mine, "--signed-by", keys.ownPublic], env());
  const before = readFileSync(join(mine, "manifest.json"), "utf8");
  const theirs = await eider(["backup", mine, "--sign", keys.other], env());
  expect(theirs).toMatchObject({ code: 1, out: "" });
  expect(theirs.err).toContain("signed by another key");
  expect(readFileSync(join(mine, "manifest.json"), "utf8")).toBe(before);
  await done(["backup", mine], env());
  expect((await done(["backup", "--check", mine], env())).out).toContain("Not signed");
});

test("what is no Ed25519 key, and options that do not belong together, are told", async () => {
  for (const [key, why] of [
    [keys.rsa, "no Ed25519 key but rsa"],
    [join(parent, "nothing"), "ENOENT"],
    [keys.ownPublic, "there is no private key"],
  ] as const) {
    const said = await eider(["backup", join(parent, "never"), "--sign", key], env());
    expect(said).toMatchObject({ code: 1, out: "" });
    expect(said.err).toContain(why);
    expect(said.err).toContain("openssl genpkey");
  }
  expect(existsSync(join(parent, "never"))).toBe(false);
  expect(await eider(["backup", "--check", backup, "--sign", keys.own], env())).toMatchObject({ code: 2 });
  expect(await eider(["backup", backup, "--signed-by", keys.own], env())).toMatchObject({ code: 2 });
});
