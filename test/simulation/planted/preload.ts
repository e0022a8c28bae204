import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { plugin } from "bun";
import { planted } from "./planted.ts";

/** Puts the bug named by EIDER_PLANTED into the source as it is loaded; the files stay as they are. */
const bug = planted.find(({ name }) => name === process.env.EIDER_PLANTED);
if (!bug) throw new Error(`There is no planted bug called ${process.env.EIDER_PLANTED}`);

const file = resolve(import.meta.dir, "../../..", bug.file);
plugin({
  name: "planted bug",
  setup(build) {
    build.onLoad({ filter: new RegExp(`${RegExp.escape(bug.file)}$`) }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      if (path === file) {
        for (const [there, instead] of bug.replace) {
          if (contents.split(there).length !== 2) throw new Error(`${bug.name}: not there once: ${there}`);
          contents = contents.replace(there, () => instead);
        }
      }
      return { contents, loader: "ts" };
    });
  },
});
