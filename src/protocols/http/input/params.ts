import type { z } from "zod";
import { HttpFailure } from "../failure.ts";
import { type BodyRoom, readBody } from "./body.ts";

export type RawParams = Record<string, unknown>;

/** Parameters in one query string or form: far above what any operation takes. */
const mostParams = 2_000;

/**
 * The parameters of a query string or form: a name given twice is a list, an empty value is none.
 *
 * @throws HttpFailure 400 for more than `mostParams`
 */
export function formParams(form: URLSearchParams): RawParams {
  if (form.size > mostParams) {
    throw new HttpFailure(400, "InputValidationError", `More than ${mostParams} parameters`);
  }
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

/**
 * The parameters in a body: a JSON object or a form. No body is no parameters.
 *
 * @throws HttpFailure 400 for what is not JSON, 413 past the limit, 415 for another kind of content
 */
export async function bodyParams(request: Request, room: BodyRoom): Promise<RawParams> {
  const kind = contentKind(request);
  if (kind === "other") {
    const body = await readBody(request, room);
    if (body.length === 0) return {};
    throw new HttpFailure(415, "UnsupportedMediaType", "Send the parameters as application/json");
  }
  const text = (await readBody(request, room)).toString("utf8");
  if (text.trim() === "") return {};
  if (kind === "form") return formParams(new URLSearchParams(text));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpFailure(400, "InputValidationError", "The request body is not valid JSON", {
      details: { body: "is not valid JSON" },
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HttpFailure(400, "InputValidationError", "The request body is not a JSON object", {
      details: { body: "must be a JSON object" },
    });
  }
  return value as RawParams;
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

/**
 * The parameters as `schema` types them.
 *
 * @throws HttpFailure InputValidationError whose details name every parameter that is wrong
 */
export function checkParams<S extends z.ZodType>(schema: S, params: RawParams): z.output<S> {
  const read = schema.safeParse(params);
  if (read.success) return read.data;
  const details: Record<string, string> = {};
  for (const issue of read.error.issues) {
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
