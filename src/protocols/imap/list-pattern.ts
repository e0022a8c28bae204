import { inboxPath, isBelow } from "../../domain/account/mailbox-path.ts";

/**
 * A test for names that a LIST pattern means: `*` is any characters, `%` any but "/" (RFC 3501 §6.3.8). INBOX as the
 * first level matches in any letter case. Takes time in proportion to name × pattern, whatever the pattern.
 */
export function listPattern(pattern: string): (path: string) => boolean {
  const steps = simplified(pattern);
  const upper = steps.replace(/[a-z]/g, (letter) => letter.toUpperCase());
  return (path) => matches(steps, path, upper, path === inboxPath || isBelow(path, inboxPath) ? inboxPath.length : 0);
}

/** Runs of wildcards mean what the widest of them means. */
function simplified(pattern: string): string {
  return pattern.replace(/[*%]{2,}/g, (run) => (run.includes("*") ? "*" : "%"));
}

/**
 * All ways through the pattern at once: `open[i]` says that the first i steps can match what has been read. The first
 * `anyCase` characters of the path, which are in upper case, are compared with the steps in upper case.
 */
function matches(steps: string, path: string, upper: string, anyCase: number): boolean {
  let literals = 0;
  for (const step of steps) if (step !== "*" && step !== "%") literals++;
  if (literals > path.length) return false;
  let open = new Uint8Array(steps.length + 1);
  let next = new Uint8Array(steps.length + 1);
  open[0] = 1;
  skipWildcards(steps, open);
  for (let at = 0; at < path.length; at++) {
    const character = path[at]!;
    next.fill(0);
    for (let i = 0; i < steps.length; i++) {
      if (open[i] === 0) continue;
      const step = steps[i]!;
      if (step === "*" || (step === "%" && character !== "/")) next[i] = 1;
      else if ((at < anyCase ? upper[i] : step) === character) next[i + 1] = 1;
    }
    skipWildcards(steps, next);
    [open, next] = [next, open];
  }
  return open[steps.length] === 1;
}

/** A wildcard may also match nothing. */
function skipWildcards(steps: string, open: Uint8Array): void {
  for (let i = 0; i < steps.length; i++) if (open[i] === 1 && (steps[i] === "*" || steps[i] === "%")) open[i + 1] = 1;
}
