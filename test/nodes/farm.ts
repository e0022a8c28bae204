import { connect as dial } from "node:net";
import type { ChildServer } from "../child-server.ts";
import { eventually } from "../eventually.ts";
import { type Balancer, type Ports, startBalancer } from "./balancer.ts";
import { type Cluster, token } from "./cluster.ts";
import { freePort } from "./free-port.ts";

/** Nodes in processes of their own behind a balancer, each in a place with ports of its own. */
export type Farm = {
  /** The balancer's. */
  readonly ports: Ports;
  readonly balancer: Balancer;
  readonly places: readonly Place[];
  /** GET or another method at any node, with the root token. */
  http(method: string, path: string, body?: object): Promise<Response>;
  /** The process ids of the nodes that a user's sessions are at, one for each session. */
  whereabouts(user: string): Promise<number[]>;
  /** Answers when the balancer sends connections to this place again. */
  found(place: Place): Promise<void>;
  close(): Promise<void>;
};

export type Place = {
  readonly ports: Ports;
  /** null: nobody is there. */
  readonly node: ChildServer | null;
  /** A fresh node takes the place; answers when it listens. */
  fill(): Promise<void>;
  /** SIGTERM; answers the exit code when it has left. */
  leave(): Promise<number>;
  /** kill -9. */
  die(): Promise<void>;
};

/** So many nodes, of which the first `filled` are there. */
export async function openFarm(cluster: Cluster, count: number, filled = count): Promise<Farm> {
  const places = await Promise.all(Array.from({ length: count }, () => placeIn(cluster)));
  await Promise.all(places.slice(0, filled).map((place) => place.fill()));
  const balancer = await startBalancer(places.map(({ ports }) => ports));
  const http = (method: string, path: string, body?: object) =>
    fetch(`http://127.0.0.1:${balancer.ports.http}${path}`, {
      method,
      headers: { "x-access-token": token, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  return {
    ports: balancer.ports,
    balancer,
    places,
    http,
    async whereabouts(user) {
      const { results } = (await (await http("GET", "/sessions?limit=250")).json()) as {
        results: { username: string; node: string }[];
      };
      return results.filter(({ username }) => username === user).map(({ node }) => Number(node.split(":").at(-1)));
    },
    async found(place) {
      const counts = async () => {
        const text = await (await fetch(`http://127.0.0.1:${place.ports.http}/metrics`)).text();
        return [...text.matchAll(/^eider_connections_total\{protocol="(?:imap|lmtp)"\} (\d+)$/gm)]
          .map(([, n]) => n)
          .join();
      };
      const before = await counts();
      await eventually("the balancer has found the node", async () => {
        for (const port of [balancer.ports.lmtp, balancer.ports.imap]) await knock(port);
        return (await counts()) !== before;
      });
    },
    async close() {
      await balancer.stop();
      await Promise.all(places.map((place) => place.die()));
    },
  };
}

/** Connects, waits for a greeting or the end, and goes. */
function knock(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = dial({ host: "127.0.0.1", port });
    const leave = () => {
      socket.destroy();
      resolve();
    };
    for (const event of ["data", "end", "close", "error"]) socket.once(event, leave);
  });
}

async function placeIn(cluster: Cluster): Promise<Place> {
  const names = ["imap", "imaps", "pop3", "pop3s", "lmtp", "http"] as const;
  const ports = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await freePort()] as const)),
  ) as Ports;
  const settings = {
    EIDER_IMAP_PORT: String(ports.imap),
    EIDER_IMAP_TLS_PORT: String(ports.imaps),
    EIDER_POP3_PORT: String(ports.pop3),
    EIDER_POP3_TLS_PORT: String(ports.pop3s),
    EIDER_LMTP_PORT: String(ports.lmtp),
    EIDER_HTTP_PORT: String(ports.http),
    EIDER_IMAP_PROXY_PROTOCOL: "127.0.0.1",
    EIDER_POP3_PROXY_PROTOCOL: "127.0.0.1",
    EIDER_LMTP_PROXY_PROTOCOL: "127.0.0.1",
    EIDER_HTTP_TRUSTED_PROXIES: "127.0.0.1",
  };
  let node: ChildServer | null = null;
  return {
    ports,
    get node() {
      return node;
    },
    async fill() {
      node = await cluster.child(settings);
    },
    async leave() {
      const code = (await node?.stop()) ?? 0;
      node = null;
      return code;
    },
    async die() {
      await node?.kill();
      node = null;
    },
  };
}
