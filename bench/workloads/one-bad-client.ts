import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Act, acts } from "../load/bad-client/acts.ts";
import type { BadScene } from "../load/bad-client/scene.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { LmtpConnection } from "../load/lmtp-connection.ts";
import { message } from "../load/messages.ts";
import { forgetMostResident, residentSize } from "../load/resident-size.ts";
import { type StartedEider, startEider } from "../servers/eider.ts";
import type { BenchUser } from "../servers/server.ts";
import { percentile } from "../statistics.ts";
import { type Figure, type Values, workload } from "../workload.ts";

const names = Object.keys(acts) as Act[];
/** How often the neighbour would say NOOP, milliseconds. One that takes longer counts for those it kept from being said. */
const pace = 5;

/**
 * What one client can do to the others. A neighbour with a session of its own says NOOP all the time, and once a second
 * another one comes in, while a client in a process of its own does one thing that no client should; each act on a server
 * that was just started with its usual limits, so that none is excused by what the one before has left.
 */
export const oneBadClient = workload({
  name: "one-bad-client",
  title: "A neighbour's NOOP, 99th percentile, while one client misbehaves for {seconds} s",
  sizes: { seconds: { full: 10, quick: 3 } },
  only: ["eider"],
  rounds: 1,
  figures: {
    nothing: noop("nobody misbehaves"),
    ...Object.fromEntries(names.flatMap((name) => figuresOf(name))),
  },
  async run({ sizes }) {
    const values: Record<string, number> = {};
    const lasts = sizes.seconds * 1000;
    await onFreshServer(async (server) => {
      values.nothing = percentile((await neighbour(server, () => Bun.sleep(lasts))).noops, 0.99);
    });
    for (const name of names) {
      await onFreshServer(async (server) => {
        Object.assign(values, await beside(server, name, lasts));
      });
    }
    return values;
  },
});

function noop(what: string): Figure {
  return { what, unit: "ms", better: "less", aim: { value: 50 } };
}

function figuresOf(name: Act): readonly (readonly [string, Figure])[] {
  const { what } = acts[name];
  return [
    [name, noop(what)],
    [
      `${name}Entry`,
      { what: `${what}: the longest login of another`, unit: "ms", better: "less", aim: { value: 1000 } },
    ],
    [`${name}Memory`, { what: `${what}: most resident memory`, unit: "MB", better: "less", aim: { value: 1536 } }],
  ];
}

async function onFreshServer(work: (server: StartedEider) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "eider-bench-bad-client-"));
  const server = await startEider(directory, { limits: "usual" });
  try {
    await work(server);
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function beside(server: StartedEider, name: Act, lasts: number): Promise<Values> {
  const bad = await server.user("bad");
  const lmtp = await LmtpConnection.open(server.ports.lmtp);
  for (let at = 0; at < 20; at++) await lmtp.deliver(bad.address, message(at, 4096));
  lmtp.close();
  const scene = {
    ports: { ...server.ports, http: server.http.port },
    user: bad,
    ...(await overHttp(server, bad)),
    lasts,
  };
  const [pid] = server.pids();
  forgetMostResident(pid!);
  const { noops, entries } = await neighbour(server, () => misbehave(name, scene));
  return {
    [name]: percentile(noops, 0.99),
    [`${name}Entry`]: Math.max(...entries),
    [`${name}Memory`]: residentSize(pid!).most / 1e6,
  };
}

/** What a NOOP took, or would have taken, at each moment of the act, milliseconds; and the logins of others meanwhile. */
async function neighbour(server: StartedEider, act: () => Promise<unknown>) {
  const user = await server.user("neighbour");
  const session = await (await ImapConnection.open(server.ports.imap)).login(user);
  await session.command("SELECT INBOX");
  for (let at = 0; at < 200; at++) await session.command("NOOP");
  let ended = Number.POSITIVE_INFINITY;
  const acting = act().finally(() => {
    ended = performance.now();
  });
  const noops: number[] = [];
  const entries: number[] = [];
  const knock = async (): Promise<void> => {
    while (performance.now() < ended) {
      const begun = performance.now();
      while (!(await enters(server, user))) await Bun.sleep(50);
      entries.push(performance.now() - begun);
      await Bun.sleep(1000);
    }
  };
  const ask = async (): Promise<void> => {
    while (performance.now() < ended) {
      const { ms } = await session.command("NOOP");
      for (let waited = ms; waited > 0; waited -= pace) noops.push(waited);
      await Bun.sleep(Math.max(0, pace - ms));
    }
  };
  await Promise.all([ask(), knock(), acting]);
  session.close();
  return { noops, entries };
}

/** Whether a login is let in; where there is no place it is tried again, as a client does. */
async function enters(server: StartedEider, user: BenchUser): Promise<boolean> {
  try {
    (await (await ImapConnection.open(server.ports.imap)).login(user)).close();
    return true;
  } catch {
    return false;
  }
}

async function misbehave(name: Act, scene: BadScene): Promise<void> {
  const program = join(import.meta.dir, "../load/bad-client/bad-client-process.ts");
  const child = Bun.spawn([process.execPath, program, name], { stdin: "pipe", stdout: "inherit", stderr: "inherit" });
  child.stdin.write(JSON.stringify(scene));
  child.stdin.end();
  const code = await child.exited;
  if (code !== 0) throw new Error(`The bad client ${name} ended with ${code}`);
}

/** What the user needs over HTTP: its id, its INBOX, a token of its own. */
async function overHttp(
  { http }: StartedEider,
  user: BenchUser,
): Promise<Pick<BadScene, "account" | "inbox" | "token">> {
  const base = `http://127.0.0.1:${http.port}`;
  const body = JSON.stringify({ username: user.login, password: user.password, token: true });
  const headers = { "content-type": "application/json", "x-access-token": http.token };
  const said = (await (await fetch(`${base}/authenticate`, { method: "POST", headers, body })).json()) as Authenticated;
  const token = { "x-access-token": said.token };
  const { results } = (await (await fetch(`${base}/users/${said.id}/mailboxes`, { headers: token })).json()) as Listed;
  return { account: said.id, token: said.token, inbox: results.find(({ path }) => path === "INBOX")!.id };
}

type Authenticated = { readonly id: string; readonly token: string };
type Listed = { readonly results: readonly { readonly id: string; readonly path: string }[] };
