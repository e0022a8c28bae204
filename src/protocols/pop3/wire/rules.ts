import { WireSyntaxError } from "./wire-syntax-error.ts";

/** Reads what follows a keyword; throws WireSyntaxError where it is something else. */
export type ArgumentRule<T> = (rest: string) => T;

/** No arguments. Spaces at the end are forgiven: people type them. */
export const nothing: ArgumentRule<null> = (rest) => {
  if (rest.trim() !== "") throw new WireSyntaxError("Too many arguments");
  return null;
};

/** All of the line, spaces included: a password may hold them (RFC 1939 §7, PASS). */
export const text: ArgumentRule<string> = (rest) => {
  if (rest === "") throw new WireSyntaxError("Argument missing");
  return rest;
};

export const optionalText: ArgumentRule<string | null> = (rest) => rest.trim() || null;

/** RFC 1939 §3: message-numbers are expressed in base 10. */
export const messageNumber: ArgumentRule<number> = (rest) => {
  const [number, more] = numbers(rest);
  if (number === undefined || more !== undefined) throw new WireSyntaxError("One message number, please");
  return number;
};

export const optionalMessageNumber: ArgumentRule<number | null> = (rest) =>
  rest.trim() === "" ? null : messageNumber(rest);

/** RFC 1939 §7, TOP: `msg n`. */
export const messageAndLines: ArgumentRule<{ message: number; lines: number }> = (rest) => {
  const [message, lines, more] = numbers(rest);
  if (message === undefined || lines === undefined || more !== undefined) {
    throw new WireSyntaxError("A message number and a number of lines, please");
  }
  return { message, lines };
};

function numbers(rest: string): number[] {
  const words = rest.split(" ").filter((word) => word !== "");
  for (const word of words) if (!/^\d{1,10}$/.test(word)) throw new WireSyntaxError("Not a number");
  return words.map(Number);
}
