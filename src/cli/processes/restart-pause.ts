/** A process that lived shorter than this, milliseconds, has something in its way that a restart does not mend. */
const shortLife = 10_000;
const firstPause = 1000;
const longestPause = 10_000;

/**
 * How long to wait before a process that lived `life` milliseconds is replaced: not at all after a long life, and after
 * one short life behind another 0, 1, 2, 4, 8, 10, 10 … seconds. `shortLives`: how many there were in a row before it.
 */
export function pauseBefore(life: number, shortLives: number): { pause: number; shortLives: number } {
  if (life >= shortLife) return { pause: 0, shortLives: 0 };
  const pause = shortLives === 0 ? 0 : Math.min(firstPause * 2 ** (shortLives - 1), longestPause);
  return { pause, shortLives: shortLives + 1 };
}
