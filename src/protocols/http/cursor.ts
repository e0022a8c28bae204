import { z } from "zod";
import { badInput } from "./failure.ts";

/**
 * Where a page of a list starts: behind (`next`) or before (`previous`) the item with this key, and the number the page
 * is shown under. Lists are walked by key, never by offset: what is added or removed meanwhile shifts nothing.
 */
export type Cursor<Key> = { readonly key: Key; readonly page: number };
export type Start<Key> = { readonly way: "next" | "previous"; readonly key: Key; readonly page: number } | null;

/** Opaque to clients: base64url, safe in a query string. */
export function writeCursor<Key>(cursor: Cursor<Key>): string {
  return Buffer.from(JSON.stringify([cursor.page, cursor.key])).toString("base64url");
}

/** A cursor that `writeCursor` made for the same list, or null. */
export function readCursor<Key>(text: string, key: z.ZodType<Key>): Cursor<Key> | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return null;
  }
  const read = z.tuple([z.number().int().min(1), key]).safeParse(value);
  return read.success ? { page: read.data[0], key: read.data[1] as Key } : null;
}

/**
 * The start a request asks for; null: the first page. `next` wins where both are given.
 *
 * @throws HttpFailure InputValidationError for a cursor that is not one of this list's
 */
export function startOf<Key>(params: { next?: string; previous?: string }, key: z.ZodType<Key>): Start<Key> {
  const way = params.next !== undefined ? "next" : params.previous !== undefined ? "previous" : null;
  if (way === null) return null;
  const cursor = readCursor(params[way]!, key);
  if (!cursor) throw badInput(way, "is not a cursor of this list");
  return { way, ...cursor };
}

/** The frame of a page: its number and the cursors of its neighbours, false where there is none. */
export function pageFrame<Key>(page: {
  readonly start: Start<Key>;
  /** Keys of the first and the last item shown; null: the page is empty. */
  readonly ends: { readonly first: Key; readonly last: Key } | null;
  /** Whether the list goes on before the first and behind the last item. */
  readonly before: boolean;
  readonly after: boolean;
}): { page: number; previousCursor: string | false; nextCursor: string | false } {
  const { start, ends } = page;
  const number = start === null || !page.before ? 1 : Math.max(start.page, 2);
  return {
    page: number,
    previousCursor: ends && page.before ? writeCursor({ key: ends.first, page: Math.max(number - 1, 1) }) : false,
    nextCursor: ends && page.after ? writeCursor({ key: ends.last, page: number + 1 }) : false,
  };
}
