import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { eventually } from "../eventually.ts";
import { freePort } from "./free-port.ts";

/** Where a node listens, or a balancer in its place. */
export type Ports = { readonly [P in keyof typeof written]: number };

/** The ports in deploy/nginx.conf. */
const written = { imap: 1143, imaps: 1993, pop3: 1110, pop3s: 1995, lmtp: 2424, http: 8080 } as const;
const names = Object.keys(written) as (keyof Ports)[];

export type Balancer = {
  readonly ports: Ports;
  /** Sends new connections to these nodes from now on; open ones stay where they are. */
  over(nodes: readonly Ports[]): Promise<void>;
  stop(): Promise<void>;
};

const nginx = Bun.which("nginx") ?? (existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : null);
const streamModule = "/usr/lib/nginx/modules/ngx_stream_module.so";

/** Why there is no balancer here; null: there is one. With EIDER_REQUIRE_ENGINES=1 that is an error. */
export function balancerMissing(): string | null {
  if (nginx !== null && existsSync(streamModule)) return null;
  if (process.env.EIDER_REQUIRE_ENGINES === "1")
    throw new Error("nginx and its stream module are required and not there");
  return "nginx and its stream module are not installed";
}

/**
 * nginx with deploy/nginx.conf, all of it as it is but for the addresses: its own are free ports of 127.0.0.1, the nodes
 * are `nodes`.
 */
export async function startBalancer(nodes: readonly Ports[]): Promise<Balancer> {
  const scene = mkdtempSync(join(tmpdir(), "eider-balancer-"));
  const file = join(scene, "nginx.conf");
  const ports = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await freePort()] as const)),
  ) as Ports;
  writeFileSync(file, configuration(ports, nodes, scene));
  const child = Bun.spawn([nginx!, "-p", scene, "-c", file, "-g", "daemon off;"], {
    stdio: ["ignore", "ignore", Bun.file(join(scene, "log"))],
  });
  const workers = () =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  for (const port of Object.values(ports)) await eventually(`nginx listens on ${port}`, () => answers(port));
  return {
    ports,
    async over(wanted) {
      const before = new Set(workers());
      writeFileSync(file, configuration(ports, wanted, scene));
      child.kill("SIGHUP");
      await eventually("nginx has a worker with the new configuration", () =>
        workers().some((pid) => !before.has(pid)),
      );
      // The new worker listens before the old one stops; this lets the old one see that it is to stop.
      await Bun.sleep(100);
    },
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
      rmSync(scene, { recursive: true });
    },
  };
}

function configuration(ports: Ports, nodes: readonly Ports[], scene: string): string {
  let config = readFileSync(resolve(import.meta.dir, "../../deploy/nginx.conf"), "utf8");
  for (const name of names) {
    const port = written[name];
    // The first node's line stands for all of them; the others' are dropped.
    config = config
      .replace(new RegExp(`server eider-1:${port}\\b([^;]*);`), (_, how: string) =>
        nodes.map((node) => `server 127.0.0.1:${node[name]}${how};`).join(" "),
      )
      .replaceAll(new RegExp(`server eider-\\d+:${port}\\b[^;]*;`, "g"), "")
      .replace(`listen ${port};`, `listen 127.0.0.1:${ports[name]};`);
  }
  config = config
    .replace(/^worker_rlimit_nofile.*$/m, "")
    .replaceAll("/tmp/", `${scene}/`)
    .replace("worker_processes auto", "worker_processes 1")
    .replace("worker_connections 16384", "worker_connections 2048");
  if (/eider-\d/.test(config)) throw new Error("deploy/nginx.conf names nodes in a way that this does not know");
  return `load_module ${streamModule};\n${process.getuid?.() === 0 ? "user root;\n" : ""}${config}`;
}

function answers(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = dial({ host: "127.0.0.1", port }, () => {
      socket.destroy();
      answer(true);
    });
    socket.on("error", () => answer(false));
  });
}
