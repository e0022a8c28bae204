import { eventually } from "../eventually.ts";
import { Crowd, type CrowdSize, type Sums } from "./crowd.ts";
import { Random } from "./random.ts";
import { type Stage, type Target, token } from "./stage.ts";

export type Campaign = {
  readonly points: number;
  readonly seed: number;
  readonly crowd: CrowdSize;
  /** Points after which new users take over, so that what is looked at does not grow without end. */
  readonly epoch: number;
  /** Told after each point. */
  readonly progress?: (report: Report) => void;
};
export type Report = {
  points: number;
  readonly killed: Partial<Record<Target, number>>;
  readonly sums: Sums;
  readonly verified: { times: number; entries: number; messages: number };
  /** Empty, or Eider breaks its promise. */
  readonly faults: string[];
};

const nothing: Sums = { deliveries: 0, tried: 0, removals: 0, changes: 0, doubts: 0, kept: 0 };

/**
 * Kills parts of a running server at random moments under load, and accounts for everything that was acknowledged after
 * every kill. `verify` runs after every kill where it can beside the nodes, else after every kill of the node.
 */
export async function crash(stage: Stage, campaign: Campaign): Promise<Report> {
  const random = new Random(campaign.seed);
  const report: Report = {
    points: 0,
    killed: {},
    sums: { ...nothing },
    verified: { times: 0, entries: 0, messages: 0 },
    faults: [],
  };
  const fault = (text: string): void => void report.faults.push(`point ${report.points}: ${text}`);
  const around = { random, token, fault };
  const ended = { ...nothing };
  let crowd = await Crowd.gather(stage.nodes[0]!.ports, around, campaign.crowd);
  while (report.points < campaign.points && report.faults.length === 0) {
    report.points++;
    const last = report.points === campaign.points;
    const ending = last || report.points % campaign.epoch === 0;
    // The last of an epoch takes the node, so that every user's story ends with a verify.
    const target = ending ? "node" : random.weighted(stage.targets as Record<Target, number>);
    report.killed[target] = (report.killed[target] ?? 0) + 1;
    await strike(stage, crowd, target, random, () => verify(stage, crowd, report, fault));
    for (const text of await seen(stage, crowd, random, ending)) fault(`after the kill of a ${target}: ${text}`);
    if (!stage.verifiesOffline) await verify(stage, crowd, report, fault);
    for (const node of stage.nodes) for (const text of node.complaints.splice(0)) fault(`logged: ${text}`);
    for (const key of Object.keys(ended) as (keyof Sums)[]) report.sums[key] = ended[key] + crowd.sums[key];
    campaign.progress?.(report);
    if (!ending || last) continue;
    Object.assign(ended, report.sums);
    crowd.leave();
    crowd = await Crowd.gather(stage.nodes[0]!.ports, around, campaign.crowd);
  }
  crowd.leave();
  return report;
}

/** A burst of load with one kill in it; everything is up again in the end, and no command is under way. */
async function strike(stage: Stage, crowd: Crowd, target: Target, random: Random, offline: () => Promise<void>) {
  const ports = stage.nodes.map((node) => node.ports);
  const burst = { over: false };
  const working = crowd.work(ports, burst);
  await Bun.sleep(random.between(40, 400));
  const revive = await stage.kill(target, random);
  if (target === "node" && stage.verifiesOffline) {
    burst.over = true;
    await working;
    await offline();
    await revive();
    return;
  }
  await Promise.all([revive(), Bun.sleep(random.between(20, 200))]);
  burst.over = true;
  await working;
}

async function verify(stage: Stage, crowd: Crowd, report: Report, fault: (text: string) => void): Promise<void> {
  for (const { account, entries, messages, findings } of await stage.verify(crowd.users.map(({ id }) => id))) {
    report.verified.times++;
    report.verified.entries += entries;
    report.verified.messages += messages;
    for (const { what, text } of findings) fault(`verify: ${account} ${what}: ${text}`);
  }
}

/** What every user's mail shows, by any of the nodes, as soon as it answers. */
async function seen(stage: Stage, crowd: Crowd, random: Random, again: boolean): Promise<readonly string[]> {
  const node = random.one(stage.nodes);
  let faults: readonly string[] = [];
  await eventually("mail can be read after a crash", async () => {
    faults = await crowd.account(node.ports.imap, again);
    return true;
  });
  return faults;
}
