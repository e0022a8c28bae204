import { afterAll, beforeAll, expect, test } from "bun:test";
import { join, relative } from "node:path";
import { play } from "./play.ts";
import { Stage } from "./stage.ts";

const root = join(import.meta.dir, "..", "..");
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

for (const name of [...new Bun.Glob("src/protocols/**/*.transcript").scanSync(root)].sort()) {
  test(relative("src/protocols", name), async () => {
    const { problems } = await play(join(root, name), stage);
    expect(problems.join("\n")).toBe("");
  });
}
