/** How deep objects and arrays of a caller may be nested. MongoDB takes a hundred levels in all. */
export const deepestNesting = 64;

/**
 * Whether objects and arrays stand in one another more than `most` deep. What has no end to its depth cannot be
 * written as JSON again, nor be looked at by anything that calls itself.
 */
export function nestedDeeper(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= most; depth++) {
    const inner: unknown[] = [];
    for (const each of level) {
      if (typeof each !== "object" || each === null) continue;
      for (const name in each) inner.push((each as Record<string, unknown>)[name]);
      if (depth === most) return true;
    }
    if (inner.length === 0) return false;
    level = inner;
  }
  return false;
}
