import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverFile } from "../../src/backup/layout.ts";
import {
  type AccountLine,
  type Manifest,
  readAccounts,
  readManifest,
  writeManifest,
} from "../../src/backup/manifest.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { startTestServer } from "../server.ts";
import { done, eider, letter } from "./scene.ts";

setDefaultTimeout(60_000);

/** A backup that somebody else has changed, with checksums that fit: what it names is looked for in the backup alone. */
let parent: string;
let data: string;
let backup: string;
const env = () => ({ EIDER_DATA: data });

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "eider-names-"));
  data = join(parent, "data");
  backup = join(parent, "backup");
  const server = await startTestServer(env());
  await server.addUser("ann");
  const lmtp = await LmtpClient.open(server.lmtp);
  await lmtp.deliver("ann@localhost", letter("small"));
  await lmtp.deliver("ann@localhost", letter("large", 200_000));
  lmtp.close();
  await server.close();
  await done(["backup", backup], env());
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

let copies = 0;
/** A copy of the backup, beside a directory with a file that nobody may touch. */
function copy(): { root: string; kept: string; into: string } {
  const place = join(parent, `case${++copies}`);
  const root = join(place, "backup");
  cpSync(backup, root, { recursive: true });
  mkdirSync(join(place, "kept"));
  writeFileSync(join(place, "kept", "file"), "kept");
  return { root, kept: join(place, "kept", "file"), into: join(place, "data") };
}

function changeManifest(root: string, change: (manifest: Manifest) => Partial<Manifest>): void {
  const manifest = readManifest(root);
  writeManifest(root, { ...manifest, ...change(manifest) });
}

function changeAccounts(root: string, change: (line: AccountLine) => object): void {
  const lines = [...readAccounts(root, readManifest(root))].map((line) => JSON.stringify({ ...line, ...change(line) }));
  const text = `${lines.join("\n")}\n`;
  const sha256 = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(root, `accounts.${sha256}.jsonl`), text);
  changeManifest(root, () => ({ list: { sha256, bytes: Buffer.byteLength(text) } }));
}

/** All commands that read a backup refuse it in one line that names `what`, and change nothing but the backup's tmp. */
async function refused({ root, kept, into }: ReturnType<typeof copy>, what: string): Promise<void> {
  for (const words of [
    ["restore", root, "--into", into],
    ["backup", "--check", root],
    ["backup", root],
  ]) {
    const said = await eider(words, env());
    expect(said).toMatchObject({ code: 1 });
    expect(said.err + said.out).toContain(what);
    expect(said.err).not.toContain("    at ");
  }
  expect(existsSync(into)).toBe(false);
  expect(readFileSync(kept, "utf8")).toBe("kept");
  expect(readdirSync(join(kept, "..")).length).toBe(1);
}

describe("names in the manifest", () => {
  for (const path of [
    "../kept/file",
    "../kept/new",
    "/tmp/eider-new",
    "eider.db",
    "tls/../token",
    "blobs/new",
    "",
    "token/",
  ]) {
    test(`a server's file ${JSON.stringify(path)} is refused`, async () => {
      const scene = copy();
      changeManifest(scene.root, ({ files }) => ({ files: files.map((file) => ({ ...file, path })) }));
      await refused(scene, "which is no file of a server");
    });
  }

  test("a hash that is a path is refused", async () => {
    for (const sha256 of ["../../kept/file", "../manifest.json", "AB".repeat(32), ""]) {
      const one = copy();
      changeManifest(one.root, ({ files }) => ({ files: files.map((file) => ({ ...file, sha256 })) }));
      await refused(one, "manifest.json names");
      const other = copy();
      changeManifest(other.root, ({ list }) => ({ list: { ...list, sha256 } }));
      await refused(other, "manifest.json names");
    }
  });
});

describe("names in the list of accounts", () => {
  const outside = "../../../kept";
  const changes: Record<string, (line: AccountLine) => object> = {
    "an account": ({ user }) => ({ user: { ...user, id: outside } }),
    "a segment": ({ segments }) => ({
      segments: segments.map((segment) => ({ ...segment, sha256: `../${outside}/file` })),
    }),
    "a segment's number": ({ segments }) => ({
      segments: segments.map((segment) => ({ ...segment, first: `${outside}/1` })),
    }),
    "a base": () => ({ base: { seq: 1, at: 1, bytes: 4, sha256: `../${outside}/file` } }),
    "a blob": () => ({ absent: [`../${outside}/file`] }),
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`${what} is refused`, async () => {
      const scene = copy();
      changeAccounts(scene.root, change);
      await refused(scene, outside);
    });
  }
});

test("symbolic links in a backup are not followed", async () => {
  for (const within of ["server", "logs", "blobs"]) {
    const scene = copy();
    const moved = join(scene.root, "..", "kept", "..", within);
    cpSync(join(scene.root, within), moved, { recursive: true });
    rmSync(join(scene.root, within), { recursive: true });
    symlinkSync(moved, join(scene.root, within));
    for (const words of [
      ["restore", scene.root, "--into", scene.into],
      ["backup", "--check", scene.root],
    ]) {
      const said = await eider(words, env());
      expect(said.code).toBe(1);
      expect(said.err + said.out).toContain("is a symbolic link");
    }
  }
  const { root } = copy();
  const [file] = readManifest(root).files;
  const path = join(root, serverFile(file!.sha256));
  cpSync(path, join(root, "elsewhere"));
  rmSync(path);
  symlinkSync(join(root, "elsewhere"), path);
  expect((await eider(["backup", "--check", root], env())).out).toContain("is a symbolic link");
});
