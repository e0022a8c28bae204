import { NUL } from "../characters.ts";

/** What stands for NUL, as in Dovecot: no UTF-8 and no line end, so that nothing else is made of it. */
const substitute = 0x80;

/**
 * Octets as a literal may hold them: NUL is shown as 0x80, so that sizes and offsets stay what they are.
 *
 * @see RFC 3501 §4.3 and §9 (CHAR8 = %x01-ff)
 */
export function asChar8(octets: Uint8Array): Uint8Array {
  const first = octets.indexOf(NUL);
  if (first < 0) return octets;
  const shown = new Uint8Array(octets);
  for (let at = first; at < shown.length; at++) if (shown[at] === NUL) shown[at] = substitute;
  return shown;
}
