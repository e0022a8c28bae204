import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, portVariables, startCommandLine } from "./command-line.ts";

let line: CommandLine;
beforeAll(async () => {
  line = await startCommandLine();
});
afterAll(() => line.stop());
beforeEach(() => line.begin());
afterEach(() => line.end());

describe("eider config", () => {
  test("shows what is in force, secrets masked, and where it comes from", async () => {
    writeFileSync(
      join(line.cwd(), "eider.toml"),
      '[imap]\nport = 143\n[http]\ntoken = "0123456789abcdef"\n[mongodb]\nurl = "mongodb://eider:hunter2@db1,db2/?replicaSet=rs"\n',
    );
    const { code, out, err } = await line.eider(["config"]);
    expect(code).toBe(0);
    expect(out).toContain("port = 143  # eider.toml:2\n");
    expect(out).toContain('token = "***"  # eider.toml:4\n');
    expect(out).toContain('url = "mongodb://eider:***@db1,db2/?replicaSet=rs"  # eider.toml:6\n');
    expect(out).toContain(`data = ${JSON.stringify(line.data)}  # EIDER_DATA\n`);
    expect(out).toContain('message_size = "64M"\n');
    expect(out).toContain('login_window = "600s"\n');
    expect(out + err).not.toMatch(/hunter2|0123456789/);
    expect(err).toMatch(/^warning: eider\.toml:6: mongodb\.url: has no effect/);
    expect((await line.eider(["config", "--json"])).json()).toMatchObject({
      imap: { port: 143 },
      http: { token: "***" },
    });
  });

  test("what it shows is a configuration that says the same", async () => {
    const shown = (await line.eider(["config"])).out;
    writeFileSync(join(line.cwd(), "again.toml"), shown);
    const { out } = await line.eider(["config", "--config", "again.toml"]);
    const values = (text: string) =>
      text
        .split("\n")
        .map((line) => line.replace(/ {2}# .*$/, ""))
        .slice(1);
    expect(values(out)).toEqual(values(shown));
  });

  test("names every problem, one line each", async () => {
    writeFileSync(join(line.cwd(), "eider.toml"), "prot = 1\n[imap]\nport = true\n");
    const { code, err } = await line.eider(["config"]);
    expect(code).toBe(1);
    expect(err.split("\n").map((line) => line.split(": ").slice(0, 2).join(": "))).toEqual([
      "eider: eider.toml:1",
      "eider: eider.toml:3",
      "",
    ]);
  });

  test("--schema explains every setting, also as JSON Schema", async () => {
    expect((await line.eider(["config", "--schema"])).out).toContain(
      "# Takes a port number (0: any free one), or false (not listening). Variable: EIDER_IMAP_PORT\nport = 1143\n",
    );
    expect((await line.eider(["config", "--schema", "--json"])).json()).toMatchObject({
      type: "object",
      properties: { imap: { type: "object" } },
    });
  });
});

test("eider doctor names the port that another program has, and what to do", async () => {
  const other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const free = Object.fromEntries(portVariables.map((name) => [name, "0"]));
  const env = { ...free, EIDER_IMAP_PORT: String(other.port), EIDER_DATA: join(line.cwd(), "data") };
  const { code, out, err } = await line.eider(["doctor"], { env });
  other.stop(true);
  expect(code).toBe(1);
  expect(out).toContain(`FAILURE  imap port: 127.0.0.1:${other.port} is in use by another program\n         → stop it`);
  expect(err).toMatch(/^eider: 1 of \d+ checks failed/);
  const healthy = await line.eider(["doctor", "--json"], { env: { ...free, EIDER_DATA: join(line.cwd(), "data") } });
  expect(healthy.code).toBe(0);
  expect(healthy.json<{ state: string }[]>().some(({ state }) => state === "failure")).toBe(false);
});

test("eider doctor tells the running server's ports from what another program has taken", async () => {
  const other = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.write("220 LMTP ready\r\n"), data() {} },
  });
  const env = {
    ...Object.fromEntries(portVariables.map((name) => [name, "0"])),
    EIDER_HTTP_PORT: new URL(line.url).port,
    EIDER_IMAP_PORT: String(line.ports.imap),
    EIDER_IMAP_TLS_PORT: String(line.ports.imaps),
    EIDER_LMTP_PORT: String(other.port),
    EIDER_DATA: line.data,
  };
  const { code, out } = await line.eider(["doctor"], { env });
  other.stop(true);
  expect(code).toBe(1);
  expect(out).toContain(`ok       imap port: 127.0.0.1:${line.ports.imap} is in use by the running server`);
  expect(out).toContain(`ok       imap tls_port: 127.0.0.1:${line.ports.imaps} is in use by the running server`);
  expect(out).toContain(`FAILURE  lmtp port: 127.0.0.1:${other.port} is in use by another program`);
});

test("a slow reader of a pipe gets all of a long answer", async () => {
  const script = `import { systemConsole } from ${JSON.stringify(join(import.meta.dir, "../../src/cli/console.ts"))};
    systemConsole().out.write("x".repeat(3_000_000)); process.exit(0);`;
  writeFileSync(join(line.cwd(), "long.ts"), script);
  const child = Bun.spawn([process.execPath, "long.ts"], { cwd: line.cwd(), stdout: "pipe" });
  let length = 0;
  for await (const piece of child.stdout) length += piece.length;
  expect(length).toBe(3_000_000);
});
