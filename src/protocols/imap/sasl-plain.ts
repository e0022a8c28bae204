/** What a PLAIN message says (RFC 4616 §2); null where it is not one. Names and passwords are exactly what was sent. */
export function saslPlain(message: Uint8Array): { authzid: string; username: string; password: string } | null {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(message);
  } catch {
    // Not UTF-8: PLAIN knows nothing else, and guessing a charset would make other passwords of it.
    return null;
  }
  const parts = text.split("\0");
  if (parts.length !== 3 || parts[1] === "") return null;
  return { authzid: parts[0]!, username: parts[1]!, password: parts[2]! };
}
