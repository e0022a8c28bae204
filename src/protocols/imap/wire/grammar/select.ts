import { countUids, type UidRuns } from "../../../../domain/account/uid-runs.ts";
import { close, isDigit, open, SP } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import { knownSet } from "../sequence-set.ts";
import type { SelectRequest } from "../types.ts";
import { keyword } from "./lists.ts";
import { mailboxName } from "./mailbox.ts";
import { nzModSequence, nzNumber } from "./numbers.ts";

type Qresync = NonNullable<SelectRequest["qresync"]>;

/**
 * mailbox [SP "(" select-param *(SP select-param) ")"] ; RFC 4466 §2.4
 * select-param = "CONDSTORE" / "QRESYNC" SP "(" … ")" ; RFC 7162 §7
 */
export function selectRequest(cursor: Cursor): SelectRequest {
  const name = mailboxName(cursor);
  let condstore = false;
  let qresync: Qresync | undefined;
  if (cursor.peek() === SP && cursor.bytes[cursor.at + 1] === open) {
    cursor.space();
    cursor.take(open);
    do {
      const from = cursor.at;
      const word = keyword(cursor, "select-param");
      if (word === "CONDSTORE") condstore = true;
      else if (word === "QRESYNC") qresync = qresyncParam(cursor);
      else throw cursor.expected("select-param", from);
    } while (cursor.skip(SP));
    cursor.take(close);
  }
  return { mailbox: name, condstore, ...(qresync && { qresync }) };
}

/** SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")" */
function qresyncParam(cursor: Cursor): Qresync {
  cursor.space();
  cursor.take(open);
  const uidValidity = nzNumber(cursor);
  cursor.space();
  const modSeq = nzModSequence(cursor);
  const known = isDigit(cursor.bytes[cursor.at + 1] ?? 0) && cursor.skip(SP) ? knownSet(cursor) : undefined;
  const match = cursor.skip(SP) ? seqMatchData(cursor) : undefined;
  cursor.take(close);
  return { uidValidity, modSeq, ...(known && { known }), ...(match && { match }) };
}

/** seq-match-data = "(" known-sequence-set SP known-uid-set ")" ; as many in one as in the other */
function seqMatchData(cursor: Cursor): { sequences: UidRuns; uids: UidRuns } {
  const from = cursor.at;
  cursor.take(open);
  const sequences = knownSet(cursor);
  cursor.space();
  const uids = knownSet(cursor);
  cursor.take(close);
  if (countUids(sequences) !== countUids(uids)) throw cursor.expected("as many UIDs as sequence numbers", from);
  return { sequences, uids };
}
