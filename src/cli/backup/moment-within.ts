import type { AccountLine, Manifest } from "../../backup/manifest.ts";
import { CommandFailure } from "../failure.ts";

/** Refuses a time that the backup knows nothing of yet: what it would bring back is older than what was asked for. */
export function mustBeWithin({ finished }: Pick<Manifest, "finished">, toTime: number | undefined): void {
  if (toTime === undefined || toTime <= Date.parse(finished)) return;
  throw new CommandFailure(
    "Cannot restore",
    `the backup was last written at ${finished}, and --to-time is later`,
    "leave --to-time out for all that is in it",
  );
}

/** Refuses a time before the first account was made: nothing would be restored. */
export function mustHaveBegun(accounts: Iterable<Pick<AccountLine, "user">>, until: number): void {
  let first = Number.POSITIVE_INFINITY;
  for (const { user } of accounts) first = Math.min(first, user.created);
  if (first <= until || first === Number.POSITIVE_INFINITY) return;
  throw new CommandFailure(
    "Cannot restore",
    `no account existed yet at that time: the first was made at ${new Date(first).toISOString()}`,
    "name a later time with --to-time",
  );
}
