/**
 * Asks again and again until `look` answers something other than null, undefined or false, or 30 s have passed; what
 * `look` threw last is then the error. For what must become true without anybody saying when.
 */
export async function eventually<T>(what: string, look: () => T | Promise<T>, ms = 30_000): Promise<Seen<T>> {
  const until = performance.now() + ms;
  for (;;) {
    let cause: unknown;
    try {
      const seen = await look();
      if (seen !== null && seen !== undefined && seen !== false) return seen as Seen<T>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > until) throw new Error(`It did not happen within ${ms} ms: ${what}`, { cause });
    await Bun.sleep(25);
  }
}

type Seen<T> = Exclude<T, null | undefined | false>;
