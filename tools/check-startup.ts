import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "../test/nodes/free-port.ts";

/**
 * What a newcomer does, in a fresh clone with an empty home: `npm install`, `npm start`, the two lines that the banner
 * offers, the end by SIGTERM, and `npm test` where nothing else is installed. Prints each step, and `N passed, N failed`
 * last.
 */
const here = resolve(import.meta.dir, "..");
const scene = mkdtempSync(join(tmpdir(), "eider-startup-"));
const clone = join(scene, "eider");
const home = join(scene, "home");
const env: Record<string, string | undefined> = {
  ...process.env,
  HOME: home,
  XDG_CACHE_HOME: undefined,
  NODE_ENV: undefined,
};
for (const name of Object.keys(env)) if (/^(EIDER|npm)_|^(MONGODB|REDIS)_URL$/.test(name)) delete env[name];
/** Programs that are there wherever npm and git are. */
const everywhere = ["node", "npm", "git", "sh", "env", "cat", "ls", "cp", "mv", "rm", "mkdir", "uname", "true", "test"];
/** Tests that call other programs. */
const callers = [
  ...["test/deploy.test.ts", "test/clients", "test/cli/terminal.test.ts", "test/faults/disk-full.test.ts"],
  ...["test/crash/power"],
];

let passed = 0;
let failed = 0;

try {
  mkdirSync(home);
  await installAndUse();
  await testWithNothingElse();
} catch (error) {
  failed += 1;
  console.log(`not ok - ${(error as Error).message}`);
} finally {
  rmSync(scene, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function installAndUse(): Promise<void> {
  step("git clone", await run(["git", "clone", "--quiet", here, clone], scene));
  step("npm install", await run(["npm", "install", "--no-audit", "--no-fund"], clone));
  for (const name of ["IMAP_PORT", "IMAP_TLS_PORT", "POP3_PORT", "POP3_TLS_PORT", "LMTP_PORT", "HTTP_PORT"]) {
    env[`EIDER_${name}`] = String(await freePort());
  }

  const started = performance.now();
  const server = Bun.spawn(["npm", "start"], { cwd: clone, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  let shown = "";
  const log = new Response(server.stdout).text();
  const banner = (async () => {
    for await (const piece of server.stderr) {
      shown += Buffer.from(piece).toString();
      if (shown.includes("telnet://") && shown.endsWith("\n\n")) return true;
    }
    return false;
  })();
  try {
    const listens = await Promise.race([banner, Bun.sleep(60_000).then(() => false)]);
    expect("npm start shows where it listens", listens, shown);
    console.log(`# listening after ${Math.round(performance.now() - started)} ms, npm included`);

    const readLine = lineWith(shown, "curl -sS 'imap://");
    const welcome = await run(["sh", "-c", readLine], scene);
    expect(
      "the line to read with shows the welcome message",
      /^Subject: .*Welcome/m.test(welcome.stdout),
      welcome.stdout + welcome.stderr,
    );
    const delivery = await run(["sh", "-c", lineWith(shown, "telnet://")], scene);
    expect(
      "the line to deliver with is answered by 250",
      /^250 2\.\d\.\d+ .*stored/im.test(delivery.stdout),
      delivery.stdout + delivery.stderr,
    );
    const delivered = await run(["sh", "-c", readLine.replace("UID=1", "UID=2")], scene);
    expect(
      "what was delivered can be read",
      delivered.stdout.includes("It works."),
      delivered.stdout + delivered.stderr,
    );
    const wrong = await run(["sh", "-c", readLine.replace(/:[^:]*$/, ":wrong'")], scene);
    expect("a wrong password is refused", wrong.code === 67, `curl ended with ${wrong.code}`);
    const users = await run(["npm", "run", "-s", "eider", "--", "user", "list", "--json"], clone);
    expect("eider user list shows the account", users.stdout.includes('"demo@localhost"'), users.stdout + users.stderr);
    const doctor = await run(["npm", "run", "-s", "eider", "--", "doctor"], clone);
    expect("eider doctor finds nothing broken", doctor.code === 0, doctor.stdout + doctor.stderr);
  } finally {
    server.kill("SIGTERM");
  }
  const code = await Promise.race([server.exited, Bun.sleep(15_000).then(() => "nothing within 15 s")]);
  expect("SIGTERM ends it with exit code 0", code === 0, `it ended with ${code}`);
  const lines = (await log).split("\n").filter((line) => line.startsWith("{"));
  const parsed = lines.filter((line) => typeof (JSON.parse(line) as { msg?: unknown }).msg === "string");
  expect(
    "the log in a pipe is JSON lines without the password",
    parsed.length > 0 && !(await log).includes(passwordIn(shown)),
    lines.join("\n"),
  );
  const status = await run(["git", "status", "--porcelain", "--ignored"], clone);
  const written = status.stdout.split("\n").filter((line) => line !== "" && !/ (node_modules|data)\/$/.test(line));
  expect("nothing is written outside of data", written.length === 0, written.join("\n"));
  const strange = readdirSync(home).filter((name) => name !== ".npm");
  expect("nothing is left in the home directory", strange.length === 0, strange.join(" "));
  expect("the data directory is there", existsSync(join(clone, "data", "token")), "");
}

/** Tests that need more than the two commands have installed are skipped; none of them fails, and no file fails to load. */
async function testWithNothingElse(): Promise<void> {
  const programs = join(scene, "bin");
  mkdirSync(programs);
  for (const name of everywhere) symlinkSync(Bun.which(name) ?? `/usr/bin/${name}`, join(programs, name));
  const bare = { ...env, PATH: programs, CI: undefined };
  const loaded = await run(["npm", "test", "--", "--test-name-pattern", "no test has this name"], clone, bare);
  const said = loaded.stdout + loaded.stderr;
  expect("with nothing else installed every test file loads", /^ *0 fail$|matched 0 tests/m.test(said), said);
  step("with nothing else installed no test fails", await run(["npm", "test", "--", ...callers], clone, bare));
}

function step(name: string, { code, stdout, stderr }: Finished): void {
  expect(name, code === 0, stdout + stderr);
}

function expect(name: string, holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(`${name}\n${otherwise.replace(/^/gm, "# ")}`);
  passed += 1;
  console.log(`ok - ${name}`);
}

type Finished = { code: number; stdout: string; stderr: string };

async function run(command: string[], cwd: string, variables = env): Promise<Finished> {
  const child = Bun.spawn(command, {
    cwd,
    env: variables,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 300_000,
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

function lineWith(text: string, part: string): string {
  const line = text.split("\n").find((candidate) => candidate.includes(part));
  if (!line) throw new Error(`the banner has no line with ${part}\n${text}`);
  return line.trim();
}

function passwordIn(text: string): string {
  return /Password {2}(\S+)/.exec(text)?.[1] ?? "no password shown";
}
