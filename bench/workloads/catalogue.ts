import type { Workload } from "../workload.ts";
import { change } from "./change.ts";
import { cpu } from "./cpu.ts";
import { deliver } from "./deliver.ts";
import { deliverMany } from "./deliver-many.ts";
import { deliverMongodb } from "./deliver-mongodb.ts";
import { failover } from "./failover.ts";
import { fetch } from "./fetch.ts";
import { fetchLarge } from "./fetch-large.ts";
import { flat } from "./flat.ts";
import { hotAccount } from "./hot-account.ts";
import { idle } from "./idle.ts";
import { idleMany } from "./idle-many.ts";
import { oneBadClient } from "./one-bad-client.ts";
import { overload } from "./overload.ts";
import { push } from "./push.ts";
import { pushAcross } from "./push-across.ts";
import { qresync } from "./qresync.ts";
import { roundTrips } from "./round-trips.ts";
import { select } from "./select.ts";
import { start } from "./start.ts";

/** Every workload, in the order they run in. */
export const workloads: readonly Workload[] = [
  ...[deliver, deliverMany, fetch, change, select, push, cpu],
  ...[fetchLarge, qresync, flat, start],
  ...[deliverMongodb, roundTrips, pushAcross, failover],
  ...[overload, hotAccount, oneBadClient],
  ...[idle, idleMany],
];
