/**
 * The paragraphs of format=flowed as they were before they were divided into lines; other line ends stay. `delSp`: the
 * blank that a divided line ends with was put there and goes.
 *
 * @param text lines end with LF
 * @see RFC 3676 §4.1 (flowed and fixed lines), §4.3 (signature), §4.4 (stuffing), §4.5 (quoting)
 */
export function unflow(text: string, delSp: boolean): string {
  let out = "";
  let depth = 0;
  /** The line before goes on in this one, where both are quoted as deep. */
  let flows = false;
  let first = true;
  for (const line of text.split("\n")) {
    let quoted = 0;
    while (line.charCodeAt(quoted) === 62) quoted++;
    const stuffed = line.charCodeAt(quoted) === 32;
    const content = line.slice(stuffed ? quoted + 1 : quoted);
    const joined = flows && quoted === depth && content !== "-- ";
    if (!joined) out += `${first ? "" : "\n"}${quoted === 0 ? "" : `${">".repeat(quoted)} `}`;
    flows = content.endsWith(" ") && content !== "-- ";
    out += flows && delSp ? content.slice(0, -1) : content;
    depth = quoted;
    first = false;
  }
  return out;
}
