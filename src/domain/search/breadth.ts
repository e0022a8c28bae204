import type { SearchCriteria } from "./criteria.ts";

/** How many tests a search makes of one message, at most. */
export function breadthOf(criteria: SearchCriteria): number {
  let tests = 0;
  const open = [criteria];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    tests++;
    if (one.kind === "and" || one.kind === "or") open.push(...one.of);
    else if (one.kind === "not") open.push(one.of);
  }
  return tests;
}
