import type { Config } from "../../operation/config.ts";

/** How many nodes listen to what Redis hands on of this deployment; null: Redis does not answer, so nobody knows. */
export async function nodesRunning({ redis }: Pick<Config, "redis">): Promise<number | null> {
  // Loaded only where they are used.
  const [{ Redis }, { changeChannel }] = await Promise.all([
    import("ioredis"),
    import("../../actors/directory/directory-service.ts"),
  ]);
  const client = new Redis(redis.url!, { lazyConnect: true, connectTimeout: 3000, retryStrategy: () => null });
  // Failures arrive at the command that waits; unheard, they would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
    const [, listeners] = (await client.pubsub("NUMSUB", `${redis.prefix ?? ""}${changeChannel}`)) as [string, number];
    return Number(listeners);
  } catch {
    return null;
  } finally {
    client.disconnect();
  }
}
