import { hintsContract } from "../hints.contract.ts";
import { LocalHints } from "./hints.ts";

hintsContract("LocalHints", async (clock) => {
  const hints = new LocalHints(clock);
  return { hints, close: () => hints.close() };
});
