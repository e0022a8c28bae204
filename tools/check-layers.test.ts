import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { checkFile, checkProject, layerOf } from "./check-layers.ts";

test("every import of the project points inward", async () => {
  expect(await checkProject(resolve(import.meta.dir, ".."))).toEqual([]);
});

describe("checkFile", () => {
  const broken = (path: string, source: string) => checkFile(path, source).map(({ line, text }) => `${line}: ${text}`);

  test.each([
    ["src/domain/account/decide.ts", 'import { a } from "../../actors/account/requests.ts";'],
    ["src/domain/account/decide.ts", 'import type { Log } from "../../store/log.ts";'],
    ["src/domain/account/decide.ts", 'import { randomBytes } from "node:crypto";'],
    ["src/domain/account/decide.ts", 'import type { Logger } from "../../operation/logger.ts";'],
    ["src/store/log.ts", 'import { open } from "./sqlite/log.ts";'],
    ["src/store/log.ts", 'import { MongoClient } from "mongodb";'],
    ["src/store/sqlite/log.ts", 'import { a } from "../../actors/account/actor.ts";'],
    ["src/store/sqlite/log.ts", 'import { loadConfig } from "../../operation/config.ts";'],
    ["src/actors/account/actor.ts", 'import { open } from "../../store/sqlite/log.ts";'],
    ["src/actors/account/actor.ts", 'import { a } from "../../protocols/services.ts";'],
    ["src/actors/runtime/queue.ts", 'import type { AccountId } from "../../domain/ids.ts";'],
    ["src/protocols/imap/session.ts", 'export { open } from "../../store/mongo/log.ts";'],
    ["src/protocols/imap/session.ts", 'const { main } = await import("../../main.ts");'],
    ["src/protocols/imap/wire/parser.ts", 'import { connect } from "node:net";'],
    ["src/protocols/imap/wire/parser.ts", 'import { view } from "../view.ts";'],
    ["src/protocols/imap/wire/parser.ts", 'import { isIP, connect } from "node:net";'],
    ["src/domain/mime/x.ts", 'import * as crypto from "node:crypto";'],
    ["src/operation/config.ts", 'import "../store/sqlite/log.ts";'],
  ])("%s: refuses %s", (path, source) => {
    expect(broken(path, source)).toHaveLength(1);
  });

  test.each([
    ["src/domain/account/decide.ts", 'import type { Uid } from "../ids.ts";'],
    ["src/store/log.ts", 'import type { Uid } from "../domain/ids.ts";'],
    ["src/store/mongo/log.ts", 'import { MongoClient } from "mongodb";\nimport type { Log } from "../log.ts";'],
    [
      "src/actors/account/actor.ts",
      'import type { Log } from "../../store/log.ts";\nimport { Queue } from "../runtime/queue.ts";',
    ],
    [
      "src/protocols/imap/session.ts",
      'import type { Logger } from "../../operation/logger.ts";\nimport { parse } from "./wire/parser.ts";',
    ],
    ["src/domain/mime/x.ts", 'import { createHash } from "node:crypto";'],
    ["src/protocols/imap/wire/lines.ts", 'import type { Columns } from "../../../actors/account/requests.ts";'],
    ["src/main.ts", 'import { open } from "./store/sqlite/log.ts";'],
    ["src/cli/start.ts", 'import { startServer } from "../main.ts";'],
  ])("%s: takes %j", (path, source) => {
    expect(broken(path, source)).toEqual([]);
  });

  test("names the line of an import that spans several", () => {
    const source = '// from "x"\nimport {\n  a,\n  b,\n} from "../../store/log.ts";\n';
    expect(broken("src/domain/mime/x.ts", source)).toEqual([
      "5: domain must not import store ports (src/store/log.ts)",
    ]);
  });
});

test("layerOf tells a store's port from its implementations", () => {
  expect(
    ["src/store/log.ts", "src/store/mongo/log.ts", "src/actors/runtime/clock.ts", "src/operation/logger.ts"].map(
      (path) => layerOf(path).name,
    ),
  ).toEqual(["store ports", "stores", "clock", "logger"]);
});
