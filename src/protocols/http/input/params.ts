import type { z } from "zod";
import { HttpFailure } from "../failure.ts";
import { type BodyRoom, heldPieces, readBody } from "./body.ts";
import { JsonDivider } from "./json-divider.ts";

export type RawParams = Record<string, unknown>;

/** Parameters in one query string or form: far above what any operation takes. */
const mostParams = 1_000;

/**
 * The parameters of a query string or form: a name given twice is a list, an empty value is none.
 *
 * @throws HttpFailure 400 for more than `mostParams`
 */
export function formParams(form: URLSearchParams): RawParams {
  if (form.size > mostParams) throw tooManyParams();
  const params: RawParams = {};
  for (const [name, value] of form) {
    if (value === "") continue;
    const known = Object.hasOwn(params, name) ? params[name] : undefined;
    if (known === undefined) define(params, name, value);
    else if (Array.isArray(known)) known.push(value);
    else define(params, name, [known, value]);
  }
  return params;
}

const tooManyParams = () => new HttpFailure(400, "InputValidationError", `More than ${mostParams} parameters`);

/** Texts that are not read on this thread, by the name that stands in their place: JSON strings without their quotes. */
export type LargeTexts = ReadonlyMap<string, readonly Uint8Array[]>;

/** Where a body may have large texts, and what their names begin with. */
export type LargePlaces = { readonly places: readonly string[]; readonly secret: string };

/** What a value of JSON takes in memory beside its text, octets. */
const valueOctets = 128;
const worthCounting = 64 * 1024;

/**
 * The parameters in a body: a JSON object or a form. No body is no parameters.
 *
 * @throws HttpFailure 400 for what is not JSON or has too many values, 413 past the limit, 415 for another kind of
 *   content
 */
export async function bodyParams(
  request: Request,
  room: BodyRoom,
  large: LargePlaces = noPlaces,
): Promise<{ params: RawParams; texts: LargeTexts }> {
  const kind = contentKind(request);
  if (kind === "json") return jsonParams(request, room, large);
  const body = await readBody(request, room);
  if (kind === "form") return { params: formParams(formOf(body)), texts: noTexts };
  if (body.length === 0) return { params: {}, texts: noTexts };
  throw new HttpFailure(415, "UnsupportedMediaType", "Send the parameters as application/json");
}

async function jsonParams(
  request: Request,
  room: BodyRoom,
  { places, secret }: LargePlaces,
): Promise<{ params: RawParams; texts: LargeTexts }> {
  const divider = new JsonDivider(places, secret);
  let size = 0;
  for await (const piece of heldPieces(request, room)) {
    divider.write(piece);
    size += piece.length;
  }
  const { rest, values, texts } = divider.end();
  const made = values * valueOctets;
  if (made > worthCounting) room.held?.resize(size * (room.weight ?? 1) + made);
  const text = rest.toString("utf8");
  if (text.trim() === "") return { params: {}, texts };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notJson();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HttpFailure(400, "InputValidationError", "The request body is not a JSON object", {
      details: { body: "must be a JSON object" },
    });
  }
  return { params: value as RawParams, texts };
}

export const notJson = () =>
  new HttpFailure(400, "InputValidationError", "The request body is not valid JSON", {
    details: { body: "is not valid JSON" },
  });

const noTexts: LargeTexts = new Map();
const noPlaces: LargePlaces = { places: [], secret: "" };

function formOf(body: Buffer): URLSearchParams {
  checkPairs(body);
  return new URLSearchParams(body.toString("utf8"));
}

/**
 * Counts the pairs of a query or form before it is read: one of two octets takes a hundred then.
 *
 * @throws HttpFailure 400 for more than `mostParams`
 */
export function checkPairs(form: string | Buffer): void {
  let pairs = 1;
  for (let at = form.indexOf("&"); at >= 0; at = form.indexOf("&", at + 1)) {
    if (++pairs > mostParams) throw tooManyParams();
  }
}

/** What a body is, by its Content-Type; nothing said means JSON. */
export function contentKind(request: Request): "json" | "form" | "other" {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (type === "" || type === "application/json" || type.endsWith("+json")) return "json";
  return type === "application/x-www-form-urlencoded" ? "form" : "other";
}

/** All parameters in one object, as WildDuck reads them: the path's win over the query's, those over the body's. */
export function mergeParams(path: RawParams, query: RawParams, body: RawParams): RawParams {
  const merged: RawParams = {};
  for (const source of [body, query, path]) for (const name of Object.keys(source)) define(merged, name, source[name]);
  return merged;
}

// A name like "__proto__" must become a parameter nobody asks for, not a prototype.
function define(params: RawParams, name: string, value: unknown): void {
  Object.defineProperty(params, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Problems that an answer tells of: who sends a thousand wrong items need not hear of each. */
const mostProblems = 100;

/**
 * The parameters as `schema` types them.
 *
 * @throws HttpFailure InputValidationError whose details name the parameters that are wrong
 */
export function checkParams<S extends z.ZodType>(schema: S, params: RawParams): z.output<S> {
  const read = schema.safeParse(params);
  if (read.success) return read.data;
  const details: Record<string, string> = {};
  for (const issue of read.error.issues.slice(0, mostProblems)) {
    const name = issue.path.map(String).join(".") || "body";
    const missing = issue.path.length > 0 && valueAt(params, issue.path) === undefined;
    define(details, name, details[name] ?? `"${name}" ${missing ? "is required" : issue.message}`);
  }
  throw new HttpFailure(400, "InputValidationError", Object.values(details).join(". "), { details });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    // One text stands for a list of one.
    if (typeof at === "string" && step === 0) continue;
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}
