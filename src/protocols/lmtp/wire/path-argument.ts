/**
 * What MAIL FROM and RCPT TO carry. The address is as it was written, in quotes and as `xn--` where it was so, for it
 * goes into trace headers; it is empty for the null sender. Parameter names are upper-case.
 */
export type PathArgument = {
  readonly address: string;
  readonly args: Readonly<Record<string, string | true>>;
  /** A parameter given twice. */
  readonly duplicate?: string;
};

/**
 * Reads `MAIL FROM:<path> parameters` or `RCPT TO:<path> parameters`, or answers null where it cannot be read. A source
 * route is skipped, and a recipient without a domain belongs to `hostname`.
 *
 * Mail that reaches an LMTP server has been accepted already, so a sender's address may look any way that harms
 * nobody: stray dots, underscores in domains, long local parts.
 *
 * @see RFC 5321 §4.1.2 (Path, Mail-parameters), appendix C (source routes); RFC 6531 §3.3
 */
export function readPathArgument(
  keyword: "MAIL FROM" | "RCPT TO",
  line: string,
  hostname: string,
): PathArgument | null {
  const colon = line.indexOf(":");
  if (colon < 0 || line.slice(0, colon).trim().toUpperCase() !== keyword) return null;
  // Accept spaces behind the colon, as every MTA does.
  const rest = line.slice(colon + 1).trim();
  const end = endOfPath(rest);
  if (end < 0 || (end < rest.length && rest[end] !== " ")) return null;
  const address = readAddress(rest.slice(1, end - 1), keyword === "RCPT TO" ? hostname : null);
  if (address === null) return null;
  return readParameters(address, rest.slice(end));
}

/** Offset behind the ">" that closes the path; a quoted local part may hold one. */
function endOfPath(text: string): number {
  if (text[0] !== "<") return -1;
  let quoted = false;
  for (let at = 1; at < text.length; at++) {
    const character = text[at];
    if (quoted && character === "\\") at++;
    else if (character === '"') quoted = !quoted;
    else if (character === ">" && !quoted) return at + 1;
    else if ((character === "<" || character === " ") && !quoted) return -1;
  }
  return -1;
}

function readAddress(path: string, defaultDomain: string | null): string | null {
  if (path === "") return defaultDomain === null ? "" : null;
  const address = path.replace(/^@[^\s,:@"]+(?:,@[^\s,:@"]+)*:/, "");
  if (address === "" || address.length > longestAddress || harmful.test(address)) return null;
  const at = address.endsWith('"') ? -1 : address.lastIndexOf("@");
  if (at < 0) return defaultDomain === null ? null : `${address}@${defaultDomain}`;
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (local === "" || domain === "" || /["\\]/.test(domain)) return null;
  if (!(local[0] === '"' ? quotedString : dotString).test(local)) return null;
  return address;
}

function readParameters(address: string, text: string): PathArgument | null {
  if (text === "") return { address, args: {} };
  const args: Record<string, string | true> = Object.create(null);
  let duplicate: string | undefined;
  for (const parameter of text.split(" ")) {
    if (parameter === "") continue;
    const equals = parameter.indexOf("=");
    const name = (equals < 0 ? parameter : parameter.slice(0, equals)).toUpperCase();
    if (!/^[A-Z0-9][A-Z0-9-]*$/.test(name) || harmful.test(parameter)) return null;
    if (name in args) duplicate = name;
    args[name] = (equals < 0 ? "" : parameter.slice(equals + 1)) || true;
  }
  return duplicate === undefined ? { address, args } : { address, args, duplicate };
}

const quotedString = /^"((?:[^"\\]|\\.)*)"$/;
/** More than RFC 5321's Dot-string: whatever needs no quotes to be told apart. */
const dotString = /^[^\s@"\\]+$/;
const longestAddress = 512; // twice what RFC 5321 §4.5.3.1.3 promises; it ends up in a header line

/** Control characters, what invalid UTF-8 decodes to, and characters that have no width: they only ever deceive. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be refused
const harmful = /[\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufffd]/;
