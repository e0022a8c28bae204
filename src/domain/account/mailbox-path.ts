/** Mailbox names: levels of Unicode text between "/" (RFC 9051 §5.1). */
export const pathSeparator = "/";
export const maxLevels = 128;
export const maxLevelLength = 512;
/** Of all levels together: each is named again in the names below it. */
export const maxPathLength = 4096;
export const inboxPath = "INBOX";

export type ParsedPath = { readonly path: string; readonly levels: readonly string[] };

/**
 * The one spelling of a name, whichever command or protocol it came with: NFC; INBOX in upper case as the first level
 * (RFC 9051 §5.1); without a separator at its end, which CREATE allows (§6.3.4), or at its beginning, which clients send
 * whose path prefix is set to "/". Answers why where it cannot be a name.
 */
export function parsePath(text: string): ParsedPath | { readonly why: string } {
  const trimmed = trimmedPath(text);
  if (trimmed === "") return { why: "the name is empty" };
  if (trimmed.length > maxPathLength) return { why: `it is longer than ${maxPathLength} characters` };
  const levels = trimmed.split(pathSeparator);
  if (levels.length > maxLevels) return { why: `more than ${maxLevels} levels` };
  for (const level of levels) {
    if (level === "") return { why: "a level is empty" };
    if (level.length > maxLevelLength) return { why: `a level is longer than ${maxLevelLength} characters` };
    if (hasControl(level)) return { why: "control characters are not allowed" };
  }
  if (isInbox(levels[0]!)) levels[0] = inboxPath;
  return { path: levels.join(pathSeparator), levels };
}

/** The text of a name or of a pattern for names (`*`, `%`) in NFC, without one separator at either end. */
export function trimmedPath(text: string): string {
  const normal = text.normalize("NFC");
  const from = normal.startsWith(pathSeparator) ? 1 : 0;
  const to = normal.endsWith(pathSeparator) ? normal.length - 1 : normal.length;
  return normal.slice(from, Math.max(from, to));
}

/** Letter case of ASCII only: the upper case of a dotless i is an I too, and "ınbox" is another name. */
function isInbox(level: string): boolean {
  return /^inbox$/i.test(level);
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // C0, DEL, C1, and the line and paragraph separators (RFC 5198 §2).
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f) || unit === 0x2028 || unit === 0x2029) return true;
    // A surrogate without its other half has no encoding.
    if (unit >= 0xd800 && unit <= 0xdfff) {
      const next = text.charCodeAt(at + 1);
      if (unit >= 0xdc00 || !(next >= 0xdc00 && next <= 0xdfff)) return true;
      at++;
    }
  }
  return false;
}

/** The path of the level above, or null at the top. */
export function parentPath(path: string): string | null {
  const at = path.lastIndexOf(pathSeparator);
  return at < 0 ? null : path.slice(0, at);
}

export function isBelow(path: string, ancestor: string): boolean {
  return path.length > ancestor.length && path.startsWith(ancestor) && path[ancestor.length] === pathSeparator;
}
