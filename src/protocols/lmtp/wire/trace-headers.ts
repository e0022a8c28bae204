/**
 * The lines a final delivery puts before the message: who sent it and to which of the account's addresses it came.
 *
 * @see RFC 5321 §4.4 (Return-Path); RFC 9228 (Delivered-To)
 */
export function traceHeaders(sender: string, recipients: readonly string[]): Uint8Array {
  let text = `Return-Path: <${sender}>\r\n`;
  for (const recipient of recipients) text += `Delivered-To: ${recipient}\r\n`;
  return Buffer.from(text, "utf8");
}
