import { type Act, acts } from "./acts.ts";
import type { BadScene } from "./scene.ts";

// Does one act of a bad client, named by its only argument with the scene on standard input, and ends.
const scene = JSON.parse(await Bun.stdin.text()) as BadScene;
await acts[process.argv[2] as Act].run(scene);
process.exit(0);
