import { isIP } from "node:net";
import { z } from "zod";
import type { AccountId, MailboxId } from "../../../domain/ids.ts";
import { readJson } from "./json-divider.ts";
import { deepestNesting, nestedDeeper } from "./nesting.ts";

/**
 * The kinds of parameters. All of them also read what a query string or a form can carry: numbers and booleans as
 * text, lists as one item, objects as JSON.
 */

const trueWords = new Set(["true", "yes", "on", "y", "1"]);
const falseWords = new Set(["false", "no", "off", "n", "0", ""]);

/** true, false, and the words and digits WildDuck takes for them, in any letter case. */
export const flag = z.preprocess((value) => {
  if (value === 1) return true;
  if (value === 0) return false;
  if (typeof value !== "string") return value;
  const word = value.trim().toLowerCase();
  return trueWords.has(word) ? true : falseWords.has(word) ? false : value;
}, z.boolean("must be a boolean"));

const number = (value: unknown) =>
  typeof value === "string" && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;

/** A whole number from `least` to `most`. */
export const integer = (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(
    number,
    z
      .number("must be a number")
      .int("must be an integer")
      .min(least, `must be larger than or equal to ${least}`)
      .max(most, `must be less than or equal to ${most}`),
  );

/** ISO 8601 text, or milliseconds since 1970. */
export const moment = z.preprocess((value) => {
  if (typeof value === "number") return new Date(value);
  if (typeof value !== "string" || value.trim() === "") return value;
  return /^\s*\d{9,15}\s*$/.test(value) ? new Date(Number(value)) : new Date(value);
}, z.date("must be a valid date"));

/** Text of at most `most` characters. */
export const text = (most: number) =>
  z.string("must be a string").max(most, `length must be less than or equal to ${most} characters long`);

/** A list of texts; one text is a list of one. */
export const texts = (each: z.ZodType<string>, most: number) =>
  z.preprocess(
    (value) => (typeof value === "string" ? [value] : value),
    z.array(each, "must be an array").max(most, `must contain less than or equal to ${most} items`),
  );

/** Any object of bounded depth, or its JSON text, of bounded size. */
export const freeObject = z.preprocess(
  (value) => {
    if (typeof value !== "string") return value;
    try {
      return readJson(value);
    } catch {
      return value;
    }
  },
  z
    .record(z.string(), z.unknown(), "must be an object or its JSON text")
    .refine((value) => !nestedDeeper(value, deepestNesting), `must not be nested deeper than ${deepestNesting} levels`),
);

const objectId = z
  .string("must be a string")
  .trim()
  .toLowerCase()
  .regex(/^[0-9a-f]{24}$/, "must be 24 hexadecimal digits");
export const accountId = objectId as unknown as z.ZodType<AccountId, string>;
export const mailboxId = objectId as unknown as z.ZodType<MailboxId, string>;

/** A message is named by its UID in its mailbox. */
export const uid = integer(1, 0xffffffff);

export const cursor = text(1024);
export const pageSize = integer(1, 250).default(20);

/** Taken by every operation: the caller's session and address, for its own log. */
export const auditFields = {
  sess: text(255).optional(),
  ip: z
    .string("must be a string")
    .refine((address) => isIP(address) !== 0, "must be an IP address")
    .optional(),
};
