import { trimmedPath } from "../../domain/account/mailbox-path.ts";
import { listPattern } from "./list-pattern.ts";

/**
 * A test for the paths that a LIST, LSUB or XLIST with this reference and pattern means (RFC 3501 §6.3.8). The two
 * together are spelt as every name is: in NFC, INBOX in any letter case, without a separator at either end. `null` is
 * what the client wrote where it is no mailbox name: no mailbox is called that.
 */
export function namesMeant(reference: string | null, pattern: string | null): (path: string) => boolean {
  if (reference === null || pattern === null) return () => false;
  return listPattern(trimmedPath(reference + pattern));
}
