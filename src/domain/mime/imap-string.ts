/** Longer strings go out as literals: some clients read lines into buffers of a fixed size. */
const longestQuoted = 1000;

/** U+FFFD in UTF-8, as a binary string. */
const replacement = "\xef\xbf\xbd";

/**
 * A binary string as IMAP `string`: quoted where its characters allow, else a literal. NUL, which neither may hold, is
 * shown as U+FFFD.
 *
 * @see RFC 9051 §4.3
 */
export function imapString(text: string): string {
  let plain = text.length <= longestQuoted;
  for (let at = 0; plain && at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 34 || char === 92 || char < 32 || char > 126) plain = false;
  }
  return plain ? `"${text}"` : escaped(text.replaceAll("\0", replacement));
}

/** As imapString, or NIL for null and undefined. */
export function imapNstring(text: string | null | undefined): string {
  return text === null || text === undefined ? "NIL" : imapString(text);
}

function escaped(text: string): string {
  for (let at = 0; at < text.length || text.length > longestQuoted; at++) {
    const char = text.charCodeAt(at);
    if (text.length > longestQuoted || (char < 32 && char !== 9) || char > 126) return `{${text.length}}\r\n${text}`;
  }
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
