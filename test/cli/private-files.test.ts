import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { portVariables } from "./command-line.ts";

setDefaultTimeout(60_000);

const main = join(import.meta.dir, "../../src/cli/main.ts");
let parent: string;
let data: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), "eider-umask-"));
  data = join(parent, "data");
  mkdirSync(data);
  chmodSync(data, 0o755);
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(({ exited }) => exited));
  rmSync(parent, { recursive: true });
});

const children: ReturnType<typeof spawned>[] = [];

/** The program itself, started by a shell that hides nothing. */
function eider(...words: string[]) {
  const child = spawned(words);
  children.push(child);
  return child;
}

function spawned(words: string[]) {
  return Bun.spawn(["sh", "-c", 'umask 000; exec "$0" "$@"', process.execPath, main, ...words], {
    cwd: parent,
    env: { ...process.env, ...Object.fromEntries(portVariables.map((name) => [name, "0"])), EIDER_DATA: data },
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** What is told on standard error until `text`. */
async function started(server: ReturnType<typeof eider>): Promise<void> {
  const decoder = new TextDecoder();
  let told = "";
  for await (const bytes of server.stderr) {
    told += decoder.decode(bytes);
    if (told.includes('"imap"')) return;
  }
  throw new Error(`The server did not start: ${told}`);
}

const openBelow = (root: string) =>
  readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(root, name)).mode & 0o077);

test("nothing that the server or a command writes can be read by others, whatever the umask, in a directory that was there", async () => {
  const first = eider("start", "--json");
  await started(first);
  expect(openBelow(data)).toEqual([]);
  const backup = join(parent, "backup");
  mkdirSync(backup);
  chmodSync(backup, 0o777);
  expect(await eider("backup", backup).exited).toBe(0);
  expect(openBelow(backup)).toEqual([]);
  first.kill("SIGTERM");
  await first.exited;
});

test("doctor names what others can read, and the next start takes it from them", async () => {
  const open = ["eider.db", "token", "tls/key.pem"].map((name) => join(data, name));
  const config = join(parent, "eider.toml");
  writeFileSync(config, '[http]\ntoken = "0123456789abcdef0123"\n');
  const backed = join(parent, "backup", "manifest.json");
  chmodSync(join(data, "tls"), 0o755);
  for (const path of [...open, config, backed]) chmodSync(path, 0o644);
  const said = await new Response(eider("doctor", "--backup", join(parent, "backup")).stdout).text();
  for (const path of [...open, config, backed]) {
    expect(said).toMatch(new RegExp(`WARNING  secrets: other users can read ${path},.*\\n.*chmod go-rwx ${path}\\n`));
  }
  const checked = eider("backup", "--check", join(parent, "backup"));
  expect(await new Response(checked.stderr).text()).toContain(`warning: other users can read ${backed}\n`);
  for (const path of [config, backed]) chmodSync(path, 0o600);
  const server = eider("start", "--json");
  await started(server);
  expect(openBelow(data).filter((name) => name !== "tls")).toEqual([]);
  const after = await new Response(eider("doctor", "--backup", join(parent, "backup")).stdout).text();
  expect(after).toContain("ok       secrets: nobody else");
  server.kill("SIGTERM");
  await server.exited;
});
