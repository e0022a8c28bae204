import type { DirectoryStore } from "../directory.ts";

/** The server's own small facts that belong to its mail: without them a first start would make its first account again. */
const names = ["first-account"] as const;

export async function ownSettings(directory: DirectoryStore): Promise<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const name of names) {
    const value = await directory.setting(name);
    if (value !== null) settings[name] = value;
  }
  return settings;
}
