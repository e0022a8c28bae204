import type { MongoClient } from "mongodb";

/** After a server's heartbeat has failed, replies from it that are still to come are waited for this long, milliseconds. */
const grace = 500;
/** A command that takes longer is taken for lost, milliseconds; making an index may take hours. */
const longestCommand = 60_000;
const unlimited = new Set(["createIndexes"]);

/**
 * Calls `lost` when a reply will not come. On Bun a socket that was paused (as the driver does between commands) may
 * never say that its peer closed it; a command written to it then waits for ever, and no socket timeout ends it. The
 * driver's monitor has a connection of its own and does notice that the server is gone.
 */
export function watchForLostReplies(client: MongoClient, lost: () => void): () => void {
  const waiting = new Map<number, { readonly address: string; readonly since: number }>();
  const timers = new Set<NodeJS.Timeout>();
  const oldest = (address: string | null) => {
    let since = Number.POSITIVE_INFINITY;
    for (const command of waiting.values()) {
      if (address === null || command.address === address) since = Math.min(since, command.since);
    }
    return since;
  };
  client.on("commandStarted", ({ requestId, address, commandName }) => {
    if (!unlimited.has(commandName)) waiting.set(requestId, { address, since: performance.now() });
  });
  client.on("commandSucceeded", ({ requestId }) => waiting.delete(requestId));
  client.on("commandFailed", ({ requestId }) => waiting.delete(requestId));
  client.on("serverHeartbeatFailed", ({ connectionId }) => {
    const failed = performance.now();
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (oldest(connectionId) <= failed) declare();
    }, grace);
    timer.unref();
    timers.add(timer);
  });
  const rounds = setInterval(() => {
    if (oldest(null) < performance.now() - longestCommand) declare();
  }, 5_000);
  rounds.unref();

  function declare(): void {
    waiting.clear();
    lost();
  }
  return () => {
    clearInterval(rounds);
    for (const timer of timers) clearTimeout(timer);
  };
}
