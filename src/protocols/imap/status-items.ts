import type { MailboxSummary } from "../../actors/account/requests.ts";
import type { ResponseBuffer } from "./wire/print/response-buffer.ts";
import type { StatusItem } from "./wire/types.ts";

/** `* STATUS name (items)` (RFC 3501 §7.2.4; RFC 7162 §3.1.7, RFC 8438, RFC 9051 §6.3.11). */
export function writeStatus(
  out: ResponseBuffer,
  mailbox: MailboxSummary,
  items: readonly StatusItem[],
  utf8: boolean,
): void {
  out.ascii("* STATUS ").mailbox(mailbox.path, utf8).ascii(" (");
  items.forEach((item, at) => {
    out
      .ascii(at === 0 ? item : ` ${item}`)
      .ascii(" ")
      .number(values[item](mailbox));
  });
  out.ascii(")").crlf();
}

const values = {
  MESSAGES: ({ messages }) => messages,
  RECENT: ({ recent }) => recent,
  UIDNEXT: ({ uidNext }) => uidNext,
  UIDVALIDITY: ({ uidValidity }) => uidValidity,
  UNSEEN: ({ unseen }) => unseen,
  HIGHESTMODSEQ: ({ highestModSeq }) => highestModSeq,
  SIZE: ({ size }) => size,
  DELETED: ({ deleted }) => deleted,
} as const satisfies Record<StatusItem, (mailbox: MailboxSummary) => number>;
