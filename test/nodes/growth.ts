import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { eventually } from "../eventually.ts";
import { token } from "./cluster.ts";

/**
 * What a change costs with 1, 2 and 3 nodes, each in a network namespace of its own, with the database and Redis in
 * another: `bun test/nodes/growth.ts`, as root, prints a table for docs/scaling.md. Bounded: some
 * minutes, a few hundred messages; everything it makes is gone afterwards.
 */
const hub = "eider-hub";
const spaces = ["eider-n1", "eider-n2", "eider-n3"];
const hubAddress = "10.231.0.1";
const [users, deliveries] = [10, 150];

const ip = (...words: string[]): void => {
  const { exitCode, stderr } = Bun.spawnSync(["ip", ...words]);
  if (exitCode !== 0) throw new Error(`ip ${words.join(" ")}: ${stderr}`);
};

function makeNetwork(): void {
  ip("netns", "add", hub);
  const inHub = (...words: string[]) => ip("-n", hub, ...words);
  inHub("link", "set", "lo", "up");
  inHub("link", "add", "br0", "type", "bridge");
  inHub("addr", "add", `${hubAddress}/24`, "dev", "br0");
  inHub("link", "set", "br0", "up");
  for (const [at, space] of spaces.entries()) {
    ip("netns", "add", space);
    inHub("link", "add", `to-n${at + 1}`, "type", "veth", "peer", "name", "eth0", "netns", space);
    inHub("link", "set", `to-n${at + 1}`, "master", "br0", "up");
    ip("-n", space, "link", "set", "lo", "up");
    ip("-n", space, "addr", "add", `10.231.0.${11 + at}/24`, "dev", "eth0");
    ip("-n", space, "link", "set", "eth0", "up");
  }
}

function removeNetwork(): void {
  for (const space of [...spaces, hub]) Bun.spawnSync(["ip", "netns", "del", space], { stderr: "ignore" });
}

/** The rest runs inside the hub's namespace. */
async function measure(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "eider-growth-"));
  const running: Bun.Subprocess[] = [];
  const start = (command: string[], env: Record<string, string> = {}) => {
    const child = Bun.spawn(command, {
      env: { ...process.env, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    running.push(child);
    return child;
  };
  try {
    const secantus = join(process.env.SECANTUS_VENV ?? "/opt/secantus", "bin/secantusd-py");
    start([
      secantus,
      "--host",
      hubAddress,
      "--port",
      "27017",
      "--storage-path",
      join(directory, "db"),
      "--sync-on-commit",
    ]);
    start(["redis-server", "--bind", hubAddress, "--protected-mode", "no", "--save", "", "--dir", directory]);
    for (const port of [27017, 6379]) await eventually(`port ${port} answers`, () => answers(hubAddress, port));
    const redis = new Redis({ host: hubAddress });
    const rows: Row[] = [];
    for (let count = 1; count <= spaces.length; count++) rows.push(await measureWith(count, redis, start));
    redis.disconnect();
    print(rows);
  } finally {
    for (const child of running) child.kill("SIGKILL");
    await Promise.all(running.map((child) => child.exited));
    rmSync(directory, { recursive: true, force: true });
  }
}

type Row = Readonly<Record<string, number>>;

async function measureWith(
  count: number,
  redis: Redis,
  start: (command: string[], env: Record<string, string>) => Bun.Subprocess,
): Promise<Row> {
  const nodes = await Promise.all(
    spaces.slice(0, count).map(async (space, at) => {
      const host = `10.231.0.${11 + at}`;
      const child = start(
        ["ip", "netns", "exec", space, process.execPath, join(import.meta.dir, "../server-process.ts")],
        {
          EIDER_STORE_KIND: "mongodb",
          EIDER_MONGODB_URL: `mongodb://${hubAddress}:27017`,
          EIDER_MONGODB_DATABASE: `growth${count}`,
          EIDER_REDIS_URL: `redis://${hubAddress}:6379`,
          EIDER_HTTP_TOKEN: token,
          EIDER_WORKERS: "1",
          EIDER_CPU_WORKERS: "1",
          ...Object.fromEntries(["IMAP", "POP3", "LMTP", "HTTP"].map((protocol) => [`EIDER_${protocol}_HOST`, host])),
          EIDER_IMAP_ALLOW_PLAINTEXT: "true",
        },
      );
      const { value } = await (child.stdout as ReadableStream<Uint8Array>).getReader().read();
      const ports = JSON.parse(Buffer.from(value!).toString().split("\n")[0]!) as {
        imap: number;
        lmtp: number;
        http: number;
      };
      return { host, ports, pid: child.pid };
    }),
  );
  const http = (at: number, path: string, body?: object) =>
    fetch(`http://${nodes[at]!.host}:${nodes[at]!.ports.http}${path}`, {
      headers: { "x-access-token": token, "content-type": "application/json" },
      ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
    });
  for (let n = 0; n < users; n++)
    await http(0, "/users", { username: `u${n}@localhost`, password: "secret", allowUnsafe: true });
  // Every user has a session in IDLE on every node.
  const sessions: Wire[] = [];
  for (const { host, ports } of nodes) {
    for (let n = 0; n < users; n++) {
      const wire = await Wire.open(host, ports.imap);
      await wire.ask(`a LOGIN u${n}@localhost secret\r\n`, /^a OK/m);
      await wire.ask("b SELECT INBOX\r\n", /^b OK/m);
      await wire.ask("c IDLE\r\n", /^\+/m);
      sessions.push(wire);
    }
  }
  const mtas = await Promise.all(nodes.map(({ host, ports }) => Wire.open(host, ports.lmtp)));
  for (const mta of mtas) await mta.ask("LHLO x\r\n", /^250 /m);
  const deliver = async (n: number) => {
    const mta = mtas[n % count]!;
    await mta.ask("MAIL FROM:<s@example.org>\r\n", /^250/m);
    await mta.ask(`RCPT TO:<u${n % users}@localhost>\r\n`, /^250/m);
    await mta.ask("DATA\r\n", /^354/m);
    await mta.ask(`Subject: ${n}\r\n\r\n${"x".repeat(4000)}${n}\r\n.\r\n`, /^250/m);
  };
  for (let n = 0; n < users * count * 2; n++) await deliver(n);
  await Bun.sleep(8000);

  const look = async () => {
    let trips = 0;
    for (const at of nodes.keys())
      trips += Number(/^eider_database_round_trips (\d+)$/m.exec(await (await http(at, "/metrics")).text())![1]);
    const info = await redis.info("stats");
    const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)![1]);
    return {
      trips,
      commands: read("total_commands_processed"),
      into: read("total_net_input_bytes"),
      out: read("total_net_output_bytes"),
      pushed: sessions.reduce((sum, wire) => sum + wire.pushes, 0),
    };
  };
  // What goes on with nothing happening, for as long as the deliveries took, is taken off.
  const before = await look();
  const began = performance.now();
  for (let n = 0; n < deliveries; n++) await deliver(1000 + n);
  const took = performance.now() - began;
  await eventually("all are told", async () => (await look()).pushed >= before.pushed + deliveries * count);
  const after = await look();
  await Bun.sleep(10_000);
  const quiet = await look();
  const still = performance.now();
  await Bun.sleep(20_000);
  const rested = await look();
  const idle = (performance.now() - still) / 1000;
  const each = (name: "trips" | "commands" | "into" | "out") =>
    (after[name] - before[name] - ((rested[name] - quiet[name]) / idle) * (took / 1000)) / deliveries;
  const pss = nodes.map(
    ({ pid }) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))![1]) / 1024,
  );
  for (const wire of [...sessions, ...mtas]) wire.close();
  for (const { pid } of nodes) process.kill(pid, "SIGKILL");
  return {
    nodes: count,
    "database round trips a delivery": each("trips"),
    "Redis commands a delivery": each("commands"),
    "bytes to Redis a delivery": each("into"),
    "bytes from Redis a delivery": each("out"),
    "pushes a delivery": (after.pushed - before.pushed) / deliveries,
    "database round trips a second, at rest, all nodes": (rested.trips - quiet.trips) / idle,
    "memory of a node, MB (PSS)": Math.max(...pss),
  };
}

function print(rows: readonly Row[]): void {
  for (const name of Object.keys(rows[0]!)) {
    console.log(`| ${name} | ${rows.map((row) => Number(row[name]!.toPrecision(3))).join(" | ")} |`);
  }
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect({ host, port }, () => {
      socket.destroy();
      answer(true);
    });
    socket.on("error", () => answer(false));
  });
}

/** A connection that asks and waits for what matches; counts EXISTS lines. */
class Wire {
  pushes = 0;
  readonly #socket: Socket;
  #text = "";
  #wake = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.#text += text;
      this.pushes += text.match(/ EXISTS\r\n/g)?.length ?? 0;
      this.#wake();
    });
    socket.on("error", () => {});
  }

  static async open(host: string, port: number): Promise<Wire> {
    const wire = new Wire(connect({ host, port }));
    await wire.ask("", /\r\n/);
    return wire;
  }

  async ask(words: string, until: RegExp): Promise<void> {
    if (words !== "") {
      this.#text = "";
      this.#socket.write(words);
    }
    while (!until.test(this.#text)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

if (import.meta.main) {
  if (process.argv.includes("--inside")) {
    await measure();
    process.exit(0);
  }
  removeNetwork();
  makeNetwork();
  try {
    const inside = Bun.spawn(["ip", "netns", "exec", hub, process.execPath, import.meta.path, "--inside"], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    process.exitCode = await inside.exited;
  } finally {
    removeNetwork();
  }
}
