import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join, relative } from "node:path";
import { mongoAndRedis, openEmbedded } from "../stores.ts";
import { play } from "./play.ts";
import { Stage } from "./stage.ts";

const root = join(import.meta.dir, "..", "..");
const transcripts = [...new Bun.Glob("src/protocols/**/*.transcript").scanSync(root)].sort();

for (const [name, stores] of [
  ["embedded store", openEmbedded],
  ["MongoDB and Redis", await mongoAndRedis()],
] as const)
  describe(name, () => {
    if ("missing" in stores) return test.skip(stores.missing, () => {});
    let stage: Stage;
    beforeAll(async () => {
      stage = await Stage.open({}, undefined, stores);
    });
    afterAll(() => stage.close());

    for (const transcript of transcripts) {
      test(relative("src/protocols", transcript), async () => {
        const { problems } = await play(join(root, transcript), stage);
        expect(problems.join("\n")).toBe("");
      });
    }
  });
