import { existsSync } from "node:fs";
import { join } from "node:path";

/** The directory of the scripts that start other servers: `EIDER_PEERS`, else `../shared/peers` beside the repository. */
export function peerScript(name: string): string {
  const directory = process.env.EIDER_PEERS ?? join(import.meta.dir, "../../../shared/peers");
  const script = join(directory, name);
  if (!existsSync(script))
    throw new Error(`Cannot start a peer: ${script} is missing; let EIDER_PEERS name its directory`);
  return script;
}

/** `NAME=value` words, as the scripts print them. */
export function readVariables(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/\b([A-Z_]+)=(\S*)/g)].map(([, name, value]) => [name!, value!]));
}
