import { z } from "zod";

/**
 * Parts that the answers of several operations share; they document, and tests hold the answers to them. Every JSON
 * answer also says `success: true`, which the dispatcher adds.
 */
export const nothing = z.object({});
export const address = z.object({ name: z.string(), address: z.string() });

/** A page of a list: `{total, page, previousCursor, nextCursor, results}`. */
export const pageOf = <T extends z.ZodType>(result: T) =>
  z.object({
    total: z.number(),
    page: z.number(),
    previousCursor: z.union([z.string(), z.literal(false)]),
    nextCursor: z.union([z.string(), z.literal(false)]),
    results: z.array(result),
  });

export const problem = z.object({
  error: z.string(),
  code: z.string(),
  details: z.record(z.string(), z.string()).optional(),
});
