import { closeSync, openSync, readSync, statSync } from "node:fs";

/** What a program did to the files under one directory, in the order in which the kernel did it. Paths are relative to the directory. */
export type DiskOperation =
  | { readonly kind: "write"; readonly path: string; readonly at: number | "end"; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly path: string; readonly size: number }
  /** Everything written to the file before `sync begins` is durable at `synced`. */
  | { readonly kind: "sync begins"; readonly path: string; readonly by: string }
  | { readonly kind: "synced"; readonly path: string; readonly by: string }
  | { readonly kind: "create"; readonly path: string; readonly emptied: boolean }
  | { readonly kind: "mkdir"; readonly path: string }
  | { readonly kind: "rename"; readonly path: string; readonly to: string }
  | { readonly kind: "unlink"; readonly path: string };

/** The calls that change a disk. A program that uses another one for it would be seen as writing nothing. */
export const tracedCalls = [
  ...["open", "openat", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "truncate"],
  ...["fallocate", "fsync", "fdatasync", "sync_file_range", "rename", "renameat", "renameat2", "unlink", "unlinkat"],
  ...["mkdir", "mkdirat", "rmdir", "link", "linkat", "symlink", "copy_file_range", "sendfile"],
].join();

/** `strace` before the program to be watched; what it does is in `log`. */
export function watched(log: string, command: readonly string[]): string[] {
  const options = [
    "-f",
    "--seccomp-bpf",
    "-y",
    "-xx",
    "-s",
    "4194304",
    "-e",
    "signal=none",
    "-e",
    `trace=${tracedCalls}`,
  ];
  return ["strace", ...options, "-o", log, "--", ...command];
}

/** Operations of a log up to its first `length` bytes, each with the byte of the log where it ends. */
export function readDiskLog(log: string, root: string): { operation: DiskOperation; end: number }[] {
  const text = readAll(log);
  const operations: { operation: DiskOperation; end: number }[] = [];
  const unfinished = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    if (newline < 0) break;
    const line = text.slice(at, newline);
    at = newline + 1;
    const [, thread, rest] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    if (thread === undefined || rest === undefined) continue;
    let call = rest;
    const begun = /^(.*) <unfinished \.\.\.>$/s.exec(rest)?.[1];
    if (begun !== undefined) {
      unfinished.set(thread, begun);
      const sync = syncedPath(begun, root);
      if (sync !== null) operations.push({ operation: { kind: "sync begins", path: sync, by: thread }, end: at });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest)?.[1];
    if (resumed !== undefined) {
      call = `${unfinished.get(thread) ?? ""}${resumed}`;
      unfinished.delete(thread);
    } else {
      const sync = syncedPath(call, root);
      if (sync !== null) operations.push({ operation: { kind: "sync begins", path: sync, by: thread }, end: at });
    }
    for (const operation of operationsOf(call, thread, root)) operations.push({ operation, end: at });
  }
  return operations;
}

function readAll(path: string): string {
  const size = statSync(path).size;
  const bytes = Buffer.alloc(size);
  const file = openSync(path, "r");
  let filled = 0;
  while (filled < size) {
    const read = readSync(file, bytes, filled, size - filled, filled);
    if (read === 0) break;
    filled += read;
  }
  closeSync(file);
  return bytes.toString("latin1", 0, filled);
}

const sync = /^(?:fsync|fdatasync)\(\d+<([^>]*)>/;

function syncedPath(call: string, root: string): string | null {
  const named = sync.exec(call)?.[1];
  return named === undefined ? null : within(decode(named), root);
}

function operationsOf(call: string, thread: string, root: string): DiskOperation[] {
  const parsed = /^(\w+)\((.*)\) += (-?\d+)/s.exec(call);
  if (!parsed) return [];
  const [, name, args, answer] = parsed as unknown as [string, string, string, string];
  const result = Number(answer);
  if (result < 0) return [];
  const texts = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g)];
  const file = (): string | null => {
    const named = /^\d+<([^>]*)>/.exec(args)?.[1];
    return named === undefined ? null : within(decode(named), root);
  };
  const named = (n: number): string | null => (texts[n] ? within(decode(texts[n]![1]!), root) : null);
  switch (name) {
    case "fsync":
    case "fdatasync": {
      const path = file();
      return path === null ? [] : [{ kind: "synced", path, by: thread }];
    }
    case "open":
    case "openat": {
      const path = named(0);
      return path === null || !args.includes("O_CREAT")
        ? []
        : [{ kind: "create", path, emptied: args.includes("O_TRUNC") }];
    }
    case "write":
    case "pwrite64":
    case "writev":
    case "pwritev":
    case "pwritev2": {
      const path = file();
      if (path === null) return [];
      if (texts.some(([, , cut]) => cut !== undefined)) throw new Error(`A write of ${path} is longer than its record`);
      const bytes = Buffer.from(texts.map(([, hex]) => hex!.replaceAll("\\x", "")).join(""), "hex").subarray(0, result);
      const offset = name === "pwritev2" ? /, (\d+), [^,]+$/ : /, (\d+)$/;
      const at = name.startsWith("p") ? Number(offset.exec(args)![1]) : ("end" as const);
      return [{ kind: "write", path, at, bytes }];
    }
    case "ftruncate": {
      const path = file();
      return path === null ? [] : [{ kind: "truncate", path, size: Number(/, (\d+)$/.exec(args)![1]) }];
    }
    case "mkdir":
    case "mkdirat": {
      const path = named(0);
      return path === null ? [] : [{ kind: "mkdir", path }];
    }
    case "rename":
    case "renameat":
    case "renameat2": {
      const [path, to] = [named(0), named(1)];
      return path === null || to === null ? [] : [{ kind: "rename", path, to }];
    }
    case "unlink":
    case "unlinkat": {
      const path = named(0);
      return path === null ? [] : [{ kind: "unlink", path }];
    }
    default: {
      // Nothing of this is used today; if it ever is, this model must learn it.
      const path = file() ?? named(0);
      if (path !== null) throw new Error(`${name} of ${path} is not understood`);
      return [];
    }
  }
}

function within(path: string, root: string): string | null {
  if (path === root) return "";
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : null;
}

/** strace -xx writes the paths of open files as it writes text: every octet as \xNN; some versions leave them plain. */
function decode(text: string): string {
  return text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
