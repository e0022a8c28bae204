import { isUtf8 } from "node:buffer";
import { WireSyntaxError } from "./wire-syntax-error.ts";

/** Reads what follows a keyword; throws WireSyntaxError where it is something else. */
export type ArgumentRule<T> = (rest: Buffer) => T;

/** The rule of a text; octets that are not UTF-8 are none (RFC 6856 §2). */
function ofText<T>(rule: (text: string) => T): ArgumentRule<T> {
  return (rest) => {
    if (!isUtf8(rest)) throw new WireSyntaxError("Command is not UTF-8");
    return rule(rest.toString("utf8"));
  };
}

/** No arguments. Spaces at the end are forgiven: people type them. */
export const nothing = ofText((text) => {
  if (text.trim() !== "") throw new WireSyntaxError("Too many arguments");
  return null;
});

/**
 * All of the line, spaces included: a password may hold them (RFC 1939 §7, PASS). null where it is not UTF-8, which no
 * name and no password is that is known here.
 */
export const credential: ArgumentRule<string | null> = (rest) => {
  if (rest.length === 0) throw new WireSyntaxError("Argument missing");
  return isUtf8(rest) ? rest.toString("utf8") : null;
};

export const optionalText = ofText((text) => text.trim() || null);

/** RFC 1939 §3: message-numbers are expressed in base 10. */
export const messageNumber = ofText(oneNumber);

export const optionalMessageNumber = ofText((text) => (text.trim() === "" ? null : oneNumber(text)));

/** RFC 1939 §7, TOP: `msg n`. */
export const messageAndLines = ofText((text) => {
  const [message, lines, more] = numbers(text);
  if (message === undefined || lines === undefined || more !== undefined) {
    throw new WireSyntaxError("A message number and a number of lines, please");
  }
  return { message, lines };
});

function oneNumber(text: string): number {
  const [number, more] = numbers(text);
  if (number === undefined || more !== undefined) throw new WireSyntaxError("One message number, please");
  return number;
}

function numbers(rest: string): number[] {
  const words = rest.split(" ").filter((word) => word !== "");
  for (const word of words) if (!/^\d{1,10}$/.test(word)) throw new WireSyntaxError("Not a number");
  return words.map(Number);
}
