import { expect, test } from "bun:test";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { validate } from "dockerfile-utils";

/** What deploys Eider, checked by the programs that will read it, as far as they are here and need no engine. */
const root = resolve(import.meta.dir, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const run = (command: string[], env: Record<string, string> = {}) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: root, env: { ...process.env, ...env } });
  return { exitCode, output: stdout.toString() + stderr.toString() };
};

test("the Dockerfile is sound", () => {
  const dockerfile = read("Dockerfile");
  expect(validate(dockerfile).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  for (const line of dockerfile.split("\n")) {
    const [, from, source] = /^COPY (--from=\S+ )?(\S+)/.exec(line) ?? [];
    if (source !== undefined && from === undefined) expect(existsSync(join(root, source))).toBe(true);
  }
  const stages = dockerfile.split(/^FROM /m);
  expect(stages.at(-1)).toContain("\nUSER eider\n");
});

test("the Dockerfile's health check is a line that bash takes", () => {
  const [, words] = /HEALTHCHECK[^[]*(\[.*\])$/m.exec(read("Dockerfile").replaceAll("\\\n", ""))!;
  const [bash, option, script] = JSON.parse(words!) as [string, string, string];
  expect([bash, option]).toEqual(["bash", "-c"]);
  const answering = (status: number) => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("", { status }) });
    const child = Bun.spawn(["bash", "-c", script.replaceAll("8080", String(server.port))], {
      stdout: "ignore",
      stderr: "ignore",
    });
    return child.exited.finally(() => server.stop(true));
  };
  return Promise.all([200, 503].map(answering)).then((codes) => expect(codes).toEqual([0, 1]));
});

const compose = [["docker", "compose"], ["docker-compose"]].find(
  (command) => run([...command, "version"]).exitCode === 0,
);
test.skipIf(compose === undefined)("docker-compose.yml is sound (skipped without docker compose)", () => {
  const file = ["-f", join(root, "docker-compose.yml"), "config"];
  const good = run([...compose!, ...file], { EIDER_TOKEN: "0123456789abcdef" });
  expect(good).toMatchObject({ exitCode: 0 });
  expect(good.output).toContain("EIDER_STORE_KIND: mongodb");
  expect(run([...compose!, ...file], { EIDER_TOKEN: "" }).output).toContain("EIDER_TOKEN");
});

const nginx = Bun.which("nginx") ?? (existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : null);
const streamModule = "/usr/lib/nginx/modules/ngx_stream_module.so";
const hasStream = nginx !== null && (existsSync(streamModule) || / --with-stream /.test(run([nginx, "-V"]).output));
test.skipIf(!hasStream)("nginx takes deploy/nginx.conf (skipped without nginx and its stream module)", () => {
  const scene = mkdtempSync(join(tmpdir(), "eider-nginx-"));
  const load = existsSync(streamModule) ? `load_module ${streamModule};\n` : "";
  // The names exist among the containers only.
  const config = read("deploy/nginx.conf")
    .replace(/\beider-[12]:/g, "127.0.0.1:")
    .replaceAll("/tmp/", `${scene}/`);
  writeFileSync(join(scene, "nginx.conf"), load + config);
  expect(run([nginx!, "-t", "-p", scene, "-c", join(scene, "nginx.conf")])).toMatchObject({ exitCode: 0 });
  rmSync(scene, { recursive: true });
});

test.skipIf(Bun.which("systemd-analyze") === null)(
  "systemd takes deploy/eider.service (skipped without systemd-analyze)",
  () => {
    const scene = mkdtempSync(join(tmpdir(), "eider-unit-"));
    cpSync("/bin/true", join(scene, "eider"));
    const unit = join(scene, "eider.service");
    writeFileSync(unit, read("deploy/eider.service").replaceAll("/usr/local/bin/eider", join(scene, "eider")));
    const { exitCode, output } = run(["systemd-analyze", "verify", "--man=no", unit]);
    rmSync(scene, { recursive: true });
    expect({ exitCode, about: output.split("\n").filter((line) => line.includes("eider.service")) }).toEqual({
      exitCode: 0,
      about: [],
    });
  },
);
