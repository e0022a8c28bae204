/** Chars that NFC or a final sigma may change: all below U+0300 stay as they are where none of these follows. */
const composing = /[\u0300-\uffff]/;
/** How far back a combining sequence may reach at the end of a chunk. */
const longestSequence = 64;

/**
 * Text as searches compare it: in NFC, lower case, with one form of sigma. Two texts match without regard to letter
 * case if their folded forms do. What this leaves out of Unicode's full case folding are letters that fold to several
 * ("ß" is not "ss") and the dotless i of Turkish.
 */
export function foldText(text: string): string {
  if (!composing.test(text)) return text.toLowerCase();
  return text.normalize("NFC").toLowerCase().replaceAll("ς", "σ");
}

/**
 * Where to cut `text` so that what follows in another chunk cannot change how the part before the cut folds: before the
 * last character that may be the base of a combining sequence.
 */
export function foldableLength(text: string): number {
  const last = text.length - 1;
  for (let at = last; at >= 0 && last - at < longestSequence; at--) {
    const char = text.charCodeAt(at);
    if (char < 0x300) return at;
  }
  return text.length;
}
