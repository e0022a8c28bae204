/** A place in a list that is ordered by arrival, the later UID later where two arrived in the same second. */
export type MessageKey = readonly [date: number, uid: number];

export type Selection = {
  /** UIDs of the page, in the order they are to be shown. */
  readonly uids: readonly number[];
  readonly ends: { readonly first: MessageKey; readonly last: MessageKey } | null;
  readonly before: boolean;
  readonly after: boolean;
};

/**
 * The page of at most `limit` messages next to `start`, from columns in UID order. One pass over the columns, and
 * memory for one page: a mailbox of a million is not sorted to show twenty.
 *
 * @param dates seconds since 1970, of the same messages as `uids`
 */
export function selectPage(
  columns: { readonly uids: ArrayLike<number>; readonly dates: ArrayLike<number> },
  page: {
    readonly order: "asc" | "desc";
    readonly start: { readonly way: "next" | "previous"; readonly key: MessageKey } | null;
    readonly limit: number;
  },
): Selection {
  const { uids, dates } = columns;
  const { order, start, limit } = page;
  // Walking on in an ascending list and back in a descending one both go towards later messages.
  const later = (order === "asc") === (start?.way !== "previous");
  const nearest: number[] = []; // indexes, the nearest to the start first
  let side = 0;
  const count = uids.length;
  for (let step = 0; step < count; step++) {
    // UIDs mostly follow arrival: coming from the near end, most messages are too far on the first look.
    const at = later ? step : count - 1 - step;
    if (start) {
      const past = dates[at]! - start.key[0] || uids[at]! - start.key[1];
      if (later ? past <= 0 : past >= 0) continue;
    }
    side++;
    let place = nearest.length;
    while (place > 0 && nearer(at, nearest[place - 1]!)) place--;
    if (place >= limit) continue;
    nearest.splice(place, 0, at);
    if (nearest.length > limit) nearest.pop();
  }

  function nearer(a: number, b: number): boolean {
    const difference = dates[a]! - dates[b]! || uids[a]! - uids[b]!;
    return later ? difference < 0 : difference > 0;
  }

  const backwards = start?.way === "previous";
  const shown = backwards ? nearest.toReversed() : nearest;
  const keyAt = (at: number): MessageKey => [dates[at]!, uids[at]!];
  const passed = start !== null && count > side;
  const more = side > nearest.length;
  return {
    uids: shown.map((at) => uids[at]!),
    ends: shown.length > 0 ? { first: keyAt(shown[0]!), last: keyAt(shown[shown.length - 1]!) } : null,
    before: backwards ? more : passed,
    after: backwards ? passed : more,
  };
}
