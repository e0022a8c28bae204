/** The entities of HTML 4, by name: ISO 8859-1 from U+00A0 on, then others by their code points. */
const latin1 =
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";
const others =
  "quot:22 amp:26 apos:27 lt:3c gt:3e OElig:152 oelig:153 Scaron:160 scaron:161 Yuml:178 fnof:192 circ:2c6 tilde:2dc ensp:2002 emsp:2003 thinsp:2009 zwnj:200c zwj:200d lrm:200e rlm:200f ndash:2013 mdash:2014 lsquo:2018 rsquo:2019 sbquo:201a ldquo:201c rdquo:201d bdquo:201e dagger:2020 Dagger:2021 bull:2022 hellip:2026 permil:2030 prime:2032 Prime:2033 lsaquo:2039 rsaquo:203a oline:203e frasl:2044 euro:20ac trade:2122 larr:2190 uarr:2191 rarr:2192 darr:2193 harr:2194 minus:2212 infin:221e asymp:2248 ne:2260 le:2264 ge:2265";
const greekCapitals = "Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho";
const greekCapitalsRest = "Sigma Tau Upsilon Phi Chi Psi Omega";
const greek =
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigmaf sigma tau upsilon phi chi psi omega";

const entities = new Map<string, string>();
function name(names: string, first: number): void {
  for (const [index, entity] of names.split(" ").entries()) entities.set(entity, String.fromCodePoint(first + index));
}
name(latin1, 0xa0);
name(greekCapitals, 0x391);
name(greekCapitalsRest, 0x3a3);
name(greek, 0x3b1);
for (const entry of others.split(" ")) {
  const [entity, code] = entry.split(":");
  entities.set(entity!, String.fromCodePoint(Number.parseInt(code!, 16)));
}

/** Longer ones are no character references. */
export const longestReference = 12;

/** Text with its character references (`&eacute;`, `&#233;`, `&#xe9;`) replaced; those not known stay as they are. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{1,8}));?/g,
    (all, decimal, hex, named) => {
      if (named !== undefined) return entities.get(named) ?? all;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? "\ufffd" : String.fromCodePoint(code);
    },
  );
}
