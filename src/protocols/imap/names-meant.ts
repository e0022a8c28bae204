import { trimmedPath } from "../../domain/account/mailbox-path.ts";
import { listPatterns } from "./list-pattern.ts";

/**
 * A test for the paths that a LIST, LSUB or XLIST with this reference and any of these patterns means
 * (RFC 3501 §6.3.8). The two together are spelt as every name is: in NFC, INBOX in any letter case, without a separator
 * at either end. `null` is what the client wrote where it is no mailbox name: no mailbox is called that.
 *
 * @throws BeyondLimit as `listPatterns`
 */
export function namesMeant(
  reference: string | null,
  ...patterns: readonly (string | null)[]
): (path: string) => boolean {
  if (reference === null) return () => false;
  return listPatterns(
    patterns.filter((pattern) => pattern !== null).map((pattern) => trimmedPath(reference + pattern)),
  );
}
