import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connect } from "node:tls";
import { selfSigned } from "../../src/operation/self-signed.ts";
import { portVariables } from "./command-line.ts";

/** `eider start` as a process: what it shows, what stops it from starting, and how signals end it. */
const main = resolve(import.meta.dir, "../../src/cli/main.ts");
let cwd: string;
let running: Process[];
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "eider-start-"));
  running = [];
});
afterEach(async () => {
  for (const { child } of running) child.kill("SIGKILL");
  await Promise.all(running.map(({ child }) => child.exited));
  rmSync(cwd, { recursive: true });
});

type Process = { readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">; readonly out: Heard; readonly err: Heard };
function start(env: Record<string, string>, ...words: string[]): Process {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("EIDER_")));
  const anyPorts = Object.fromEntries(portVariables.map((name) => [name, "0"]));
  const child = Bun.spawn([process.execPath, main, "start", ...words], {
    cwd,
    env: { ...inherited, ...anyPorts, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const out = new Heard(child.stdout);
  const err = new Heard(child.stderr);
  const started = { child, out, err };
  running.push(started);
  return started;
}

/** What a process says, as it says it. */
class Heard {
  text = "";
  #waiting: (() => void)[] = [];
  readonly ended: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = (async () => {
      for await (const piece of stream) {
        this.text += Buffer.from(piece).toString();
        for (const wake of this.#waiting.splice(0)) wake();
      }
    })();
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.text);
      if (found) return found;
      const heard = new Promise<void>((wake) => this.#waiting.push(wake));
      const over = await Promise.race([heard.then(() => false), this.ended.then(() => true)]);
      if (over && !pattern.test(this.text)) throw new Error(`it ended without ${pattern}:\n${this.text}`);
    }
  }
}

const banner = /^Eider \d[\s\S]+^ {2}Console {3}.*\n/m;
const port = (process: Process, line: string, column = 0) =>
  Number([...new RegExp(`^  ${line} .*`, "m").exec(process.err.text)![0].matchAll(/:(\d+)/g)][column]![1]);

describe("eider start", () => {
  test("shows an account on the first run only, and ends with 0 at SIGTERM", async () => {
    const first = start({});
    await first.err.until(/Deliver[\s\S]+telnet/);
    expect(first.err.text).toMatch(/Account {3}demo@localhost\n {2}Password {2}\S{19} /);
    const imap = port(first, "IMAP");
    const greeting = Promise.withResolvers<string>();
    let heard = "";
    const goodbye = Promise.withResolvers<string>();
    await Bun.connect({
      hostname: "127.0.0.1",
      port: imap,
      socket: {
        data(_, bytes) {
          heard += bytes.toString();
          greeting.resolve(heard);
        },
        close: () => goodbye.resolve(heard),
      },
    });
    expect(await greeting.promise).toStartWith("* OK");
    first.child.kill("SIGTERM");
    expect(await goodbye.promise).toContain("* BYE");
    expect(await first.child.exited).toBe(0);
    await first.out.ended;
    for (const line of first.out.text.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("msg");

    const second = start({});
    await second.err.until(banner);
    expect(second.err.text).not.toContain("Password");
    second.child.kill("SIGINT");
    expect(await second.child.exited).toBe(0);
  }, 30_000);

  test("a second server on the same data is kept out, in one line", async () => {
    const first = start({});
    await first.err.until(banner);
    const second = start({});
    expect(await second.child.exited).toBe(1);
    await second.err.ended;
    expect(second.err.text).toMatch(
      /^eider: Cannot start: .*uses it: stop that server first, or give this one another `data`\n$/,
    );
  }, 30_000);

  test("--json says where it listens in one line of JSON, and the password of the first run only there", async () => {
    const server = start({}, "--json");
    const facts = JSON.parse((await server.err.until(/^\{.*\}$/m))[0]);
    expect(facts).toMatchObject({ store: "embedded", account: { address: "demo@localhost" } });
    expect(facts.listening.imap[0]).toEqual({ host: "127.0.0.1", port: expect.any(Number), tls: false });
    expect(server.err.text.trim()).not.toContain("\n");
    server.child.kill("SIGTERM");
    expect(await server.child.exited).toBe(0);
    await server.out.ended;
    for (const line of server.out.text.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("msg");
    expect(server.out.text).not.toContain(facts.account.password);
  }, 30_000);

  test("a data directory whose log is gone or torn is not served, nor begun anew", async () => {
    const data = join(cwd, "data");
    const first = start({});
    await first.err.until(banner);
    first.child.kill("SIGTERM");
    await first.child.exited;
    truncateSync(join(data, "eider.db"), 5000);
    const torn = start({});
    expect(await torn.child.exited).toBe(1);
    await torn.err.ended;
    expect(torn.err.text).toMatch(
      /^eider: Cannot start: the data directory is damaged \([^\n]+\): `eider verify` [^\n]+\n$/,
    );

    for (const suffix of ["", "-wal", "-shm"]) rmSync(join(data, `eider.db${suffix}`), { force: true });
    mkdirSync(join(data, "blobs", "ab"), { recursive: true });
    const gone = start({});
    expect(await gone.child.exited).toBe(1);
    await gone.err.ended;
    expect(gone.err.text).toContain("its log, eider.db, is gone: `eider verify` says what");
    expect(existsSync(join(data, "eider.db"))).toBe(false);
  }, 30_000);

  test("a port that is taken is named", async () => {
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    for (const name of ["EIDER_IMAP_PORT", "EIDER_LMTP_PORT", "EIDER_HTTP_PORT"]) {
      const server = start({ [name]: String(taken.port), EIDER_DATA: name });
      expect(await server.child.exited).toBe(1);
      await server.err.ended;
      const about = name.slice(6).toLowerCase().replace("_", " ");
      expect(server.err.text).toBe(
        `eider: Cannot start: ${about}: 127.0.0.1:${taken.port} is in use by another program: stop it (\`ss -ltnp sport = :${taken.port}\` names it), or configure another port\n`,
      );
    }
    taken.stop(true);
  }, 30_000);

  test("a data directory that cannot be made is named, in one line", async () => {
    writeFileSync(join(cwd, "file"), "");
    for (const data of ["file", "file/below"]) {
      const server = start({ EIDER_DATA: data });
      expect(await server.child.exited).toBe(1);
      await server.err.ended;
      expect(server.err.text).toMatch(/^eider: Cannot start: .*file.*: `data` must be a directory .*\n$/);
    }
  }, 30_000);

  test("with MongoDB away it says so, waits, and can be stopped", async () => {
    const server = start({
      EIDER_STORE_KIND: "mongodb",
      EIDER_MONGODB_URL: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100",
      EIDER_REDIS_URL: "redis://127.0.0.1:1",
    });
    await server.out.until(/"why":"Cannot reach MongoDB: .*cannot start; it tries again/);
    server.child.kill("SIGTERM");
    await server.child.exited;
    expect(server.err.text).not.toContain("    at ");
    expect(server.out.text).not.toContain("    at ");
  }, 30_000);

  test("a configuration that is wrong stops it, with every problem", async () => {
    writeFileSync(join(cwd, "other.toml"), "[imap]\nprot = 1\nhost = 3\n");
    const server = start({}, "--config", "other.toml");
    expect(await server.child.exited).toBe(1);
    await server.err.ended;
    expect(server.err.text).toBe(
      'eider: other.toml:2: unknown key "prot" in [imap]; did you mean port?\neider: other.toml:3: imap.host: expected an address or host name; found 3\n',
    );
  });

  test("SIGHUP takes the new certificate and log level", async () => {
    const write = (name: string) => {
      const { cert, key } = selfSigned({
        names: [name],
        organization: "x",
        from: new Date(Date.now() - 1e6),
        until: new Date(Date.now() + 1e9),
      });
      writeFileSync(join(cwd, "cert.pem"), cert);
      writeFileSync(join(cwd, "key.pem"), key);
    };
    write("old.example.com");
    const config = (level: string) =>
      writeFileSync(join(cwd, "eider.toml"), `[tls]\ncert = "cert.pem"\nkey = "key.pem"\n[log]\nlevel = "${level}"\n`);
    config("info");
    const server = start({});
    await server.err.until(banner);
    const imaps = port(server, "IMAP", 1);
    expect(await namesOn(imaps)).toBe("DNS:old.example.com");
    write("new.example.com");
    server.child.kill("SIGHUP");
    await server.out.until(/read again/);
    expect(await namesOn(imaps)).toBe("DNS:new.example.com");

    writeFileSync(join(cwd, "key.pem"), "nonsense");
    server.child.kill("SIGHUP");
    await server.out.until(/going on with the old ones/);
    expect(await namesOn(imaps)).toBe("DNS:new.example.com");

    write("third.example.com");
    config("error");
    server.child.kill("SIGHUP");
    while ((await namesOn(imaps)) !== "DNS:third.example.com");
    const before = server.out.text;
    server.child.kill("SIGTERM");
    expect(await server.child.exited).toBe(0);
    await server.out.ended;
    expect(server.out.text).toBe(before);
  }, 30_000);
});

function namesOn(port: number): Promise<string> {
  return new Promise((found, fail) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      found(socket.getPeerX509Certificate()?.subjectAltName ?? "none");
      socket.destroy();
    });
    socket.on("error", fail);
  });
}
