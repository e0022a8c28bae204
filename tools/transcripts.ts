import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { play } from "../test/transcripts/play.ts";
import { Stage } from "../test/transcripts/stage.ts";

/**
 * Plays the transcripts: `bun run transcripts [--update] [PART OF A NAME …]`. With `--update` a transcript that heard
 * something else is rewritten to say so, and the diff is the review.
 */
const root = join(import.meta.dir, "..");
const update = process.argv.includes("--update");
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const stage = await Stage.open();
let failed = 0;
let played = 0;
for (const name of [...new Bun.Glob("src/protocols/**/*.transcript").scanSync(root)].sort()) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  const file = join(root, name);
  const { problems, text } = await play(file, stage);
  played++;
  if (problems.length === 0) continue;
  if (update && text !== readFileSync(file, "utf8")) {
    writeFileSync(file, text);
    console.log(`${name}: rewritten`);
  } else {
    failed++;
    console.log(`${name}:\n  ${problems.join("\n  ")}`);
  }
}
await stage.close();
console.log(`${played - failed} transcripts passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
