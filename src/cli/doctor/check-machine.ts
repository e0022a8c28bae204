import { existsSync, statfsSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname } from "node:path";
import type { Config } from "../../operation/config.ts";
import { formatSize } from "../../operation/config-kinds.ts";
import { maxFileDescriptors } from "../../operation/process-metrics.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";

const gigabyte = 1024 ** 3;

/** Disk space, file descriptors, memory. */
export function checkMachine(config: Config): Finding[] {
  return [checkDisk(config), ...checkDescriptors(config, maxFileDescriptors()), checkMemory(config, totalmem())];
}

function checkDisk({ data }: Config): Finding {
  let directory = data;
  while (!existsSync(directory)) directory = dirname(directory);
  const { bavail, blocks, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const text = `${(free / gigabyte).toFixed(1)} GB free of ${((blocks * bsize) / gigabyte).toFixed(1)} GB for ${data}`;
  if (free < gigabyte / 8) return failure("disk", text, "make room: mail is refused when the disk is full");
  if (free < gigabyte * 2) return warning("disk", text, "make room before the disk is full");
  return ok("disk", text);
}

/** Every connection is a file descriptor; `allowed` is the soft limit, null where the system does not say. */
export function checkDescriptors(
  { imap, pop3, lmtp }: Pick<Config, "imap" | "pop3" | "lmtp">,
  allowed: number | null,
): Finding[] {
  if (allowed === null) return [];
  const wanted = Math.max(imap.max_connections, pop3.max_connections, lmtp.max_connections);
  const text = `${allowed} file descriptors are allowed`;
  if (allowed >= wanted + reserve) return [ok("descriptors", text)];
  const todo = `raise it (\`ulimit -n 65536\`, or LimitNOFILE=65536 in the systemd unit), or lower max_connections to ${Math.max(1, allowed - reserve)}`;
  const lacking = `${text}; ${wanted} connections and the store's files may need more`;
  return [allowed < 1024 ? failure("descriptors", lacking, todo) : warning("descriptors", lacking, todo)];
}

/** Descriptors for anything but connections. */
const reserve = 200;

/** `total`: the machine's memory in bytes. */
export function checkMemory({ limits }: Pick<Config, "limits">, total: number): Finding {
  const text = `${formatSize(limits.memory)} of ${(total / gigabyte).toFixed(1)} GB may hold mailboxes`;
  if (limits.memory <= total * 0.7) return ok("memory", text);
  return warning("memory", text, "lower [limits] memory: the system needs some for its file cache and the connections");
}
