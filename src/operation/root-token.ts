import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "./config-schema.ts";
import { createFile, replaceFile } from "./durable-file.ts";

/** Where the token that Eider makes itself is kept. */
export function rootTokenFile(config: Pick<Config, "data">): string {
  return join(config.data, "token");
}

/** The root access token: the configured one, or that of `data/token`, which is made (mode 0600) when it is missing. */
export function rootToken(config: Pick<Config, "data" | "http">): string {
  const existing = readRootToken(config);
  if (existing !== null) return existing;
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const token = randomBytes(20).toString("hex");
  const file = rootTokenFile(config);
  if (createFile(file, `${token}\n`)) return token;
  // Another process of this node was quicker, and its token counts; or there is an empty file, which is none.
  const theirs = readRootToken(config);
  if (theirs === null) replaceFile(file, `${token}\n`);
  return theirs ?? token;
}

/** As `rootToken`, but null where there is none yet: for the command line. Throws where the file cannot be read. */
export function readRootToken({ data, http }: Pick<Config, "data" | "http">): string | null {
  if (http.token !== null) return http.token;
  try {
    return readFileSync(rootTokenFile({ data }), "utf8").trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
