import { startDovecot } from "./dovecot.ts";
import { startEider } from "./eider.ts";
import type { MongoSetting } from "./mongo-setting.ts";
import type { StartServer } from "./server.ts";
import { startWildduck } from "./wildduck.ts";

/** Every server on a store of its own. */
export const ownServers: Readonly<Record<string, StartServer>> = {
  eider: (directory) => startEider(directory),
  dovecot: startDovecot,
  wildduck: (directory) => startWildduck(directory),
};

/** Those that can run on one MongoDB, each with a database of its own in it. */
export const mongoServers: Readonly<
  Record<string, (directory: string, setting: MongoSetting) => ReturnType<StartServer>>
> = {
  async eider(directory, setting) {
    const mongo = await setting.counted();
    return startEider(directory, { mongo, redis: setting.redis });
  },
  async wildduck(directory, setting) {
    return startWildduck(directory, await setting.counted());
  },
};
