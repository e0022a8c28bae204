import { randomUUID } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import type { Config } from "../../operation/config.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";

const patience = 3000;
/** Clocks that differ by more than this make dates of mail and expiry times wrong; milliseconds. */
const clockTolerance = 2000;

/** Whether what keeps the mail can be reached and written to, and agrees on the time. `now`: milliseconds since 1970. */
export async function checkStore(config: Config, now: () => number): Promise<Finding[]> {
  if (config.store.kind === "embedded") return [checkDirectory(config.data), checkClock(now())];
  return [...(await checkMongo(config, now)), ...(await checkRedis(config, now))];
}

function checkDirectory(data: string): Finding {
  const todo = `make it a directory that the server's user may write to`;
  try {
    if (!existsSync(data)) {
      let parent = dirname(data);
      while (!existsSync(parent)) parent = dirname(parent);
      accessSync(parent, constants.W_OK);
      return ok("store", `${data} is made at the first start`);
    }
    mkdirSync(data, { recursive: true });
    const file = join(data, `doctor-${randomUUID()}`);
    writeFileSync(file, "written by eider doctor", { flush: true });
    rmSync(file);
    return ok("store", `${data} can be written to`);
  } catch (error) {
    return failure("store", `${data} cannot be written to (${(error as Error).message})`, todo);
  }
}

/** A machine without battery starts in 1970 or when its image was made. */
function checkClock(now: number): Finding {
  const shown = new Date(now).toISOString();
  if (now < Date.UTC(2025, 0)) return failure("clock", `it is ${shown} here`, "set the clock, best by NTP");
  return ok("clock", shown);
}

async function checkMongo({ mongodb }: Config, now: () => number): Promise<Finding[]> {
  const client = new MongoClient(mongodb.url!, { serverSelectionTimeoutMS: patience, connectTimeoutMS: patience });
  try {
    await client.connect();
    const database = client.db(mongodb.database);
    const before = now();
    const hello = await database.command({ hello: 1 });
    const after = now();
    const collection = database.collection<{ _id: string; at: Date }>("health");
    const id = randomUUID();
    await collection.insertOne(
      { _id: id, at: new Date(now()) },
      { writeConcern: { w: "majority", journal: true, wtimeoutMS: patience } },
    );
    await collection.deleteOne({ _id: id });
    const findings = [ok("MongoDB", `answers in ${after - before} ms and takes majority writes`)];
    if (hello.setName === undefined && hello.msg !== "isdbgrid") {
      findings.push(
        failure(
          "MongoDB",
          "it is a single server, neither a replica set nor a sharded cluster",
          "start it with --replSet and run rs.initiate()",
        ),
      );
    }
    if (hello.localTime instanceof Date)
      findings.push(compareClocks("MongoDB's clock", hello.localTime.getTime(), (before + after) / 2));
    return findings;
  } catch (error) {
    return [
      failure("MongoDB", (error as Error).message, "check [mongodb] url, the network, and that a primary is elected"),
    ];
  } finally {
    await client.close();
  }
}

async function checkRedis({ redis }: Config, now: () => number): Promise<Finding[]> {
  const client = new Redis(redis.url!, {
    lazyConnect: true,
    connectTimeout: patience,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Failures arrive at the command that waits; unheard, they would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
    const before = now();
    const [seconds, microseconds] = await client.time();
    const after = now();
    const key = `health:${randomUUID()}`;
    await client.set(key, "1", "EX", 10);
    await client.del(key);
    const theirs = Number(seconds) * 1000 + Number(microseconds) / 1000;
    return [
      ok("Redis", `answers in ${after - before} ms and takes writes`),
      compareClocks("Redis's clock", theirs, (before + after) / 2),
    ];
  } catch (error) {
    return [
      warning("Redis", (error as Error).message, "check [redis] url; mail flows without it, but pushes slow down"),
    ];
  } finally {
    client.disconnect();
  }
}

function compareClocks(about: string, theirs: number, ours: number): Finding {
  const apart = Math.abs(theirs - ours);
  if (apart <= clockTolerance) return ok(about, `${Math.round(apart)} ms from ours`);
  return warning(about, `${Math.round(apart / 1000)} s from ours`, "set both by NTP");
}
