/** True, false, or null: what is known so far does not decide it. */
export type Verdict = boolean | null;

/** Kleene's logic: a part that is not known matters only where the others leave it open. */
export function not(verdict: Verdict): Verdict {
  return verdict === null ? null : !verdict;
}

export function all<T>(of: readonly T[], test: (one: T) => Verdict): Verdict {
  let verdict: Verdict = true;
  for (const one of of) {
    const result = test(one);
    if (result === false) return false;
    if (result === null) verdict = null;
  }
  return verdict;
}

export function any<T>(of: readonly T[], test: (one: T) => Verdict): Verdict {
  let verdict: Verdict = false;
  for (const one of of) {
    const result = test(one);
    if (result === true) return true;
    if (result === null) verdict = null;
  }
  return verdict;
}
