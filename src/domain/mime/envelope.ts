import type { Envelope, EnvelopeAddress } from "./anatomy.ts";
import { bytesOf } from "./binary-string.ts";
import { imapNstring } from "./imap-string.ts";

/**
 * The value of an ENVELOPE item, ready to send: `(date subject from sender reply-to to cc bcc in-reply-to message-id)`.
 * Encoded words stay encoded. Sender and reply-to default to from; a list without addresses is NIL.
 *
 * @see RFC 9051 §7.5.2
 */
export function formatEnvelope(envelope: Envelope): Uint8Array {
  return bytesOf(envelopeText(envelope));
}

/** As formatEnvelope, in a binary string. */
export function envelopeText(envelope: Envelope): string {
  const from = addressList(envelope.from);
  const sender = envelope.sender.length === 0 ? from : addressList(envelope.sender);
  const replyTo = envelope.replyTo.length === 0 ? from : addressList(envelope.replyTo);
  const to = addressList(envelope.to);
  const cc = addressList(envelope.cc);
  const bcc = addressList(envelope.bcc);
  const date = imapNstring(envelope.date);
  const subject = imapNstring(envelope.subject);
  const inReplyTo = imapNstring(envelope.inReplyTo);
  const messageId = imapNstring(envelope.messageId);
  return `(${date} ${subject} ${from} ${sender} ${replyTo} ${to} ${cc} ${bcc} ${inReplyTo} ${messageId})`;
}

function addressList(list: readonly EnvelopeAddress[]): string {
  if (list.length === 0) return "NIL";
  let text = "(";
  for (const { name, route, mailbox, host } of list) {
    text += `(${imapNstring(name)} ${imapNstring(route)} ${imapNstring(mailbox)} ${imapNstring(host)})`;
  }
  return `${text})`;
}
