import { Hono } from "hono";
import { cors } from "hono/cors";
import { type AccountId, isObjectId } from "../../domain/ids.ts";
import type { Logger } from "../../operation/logger.ts";
import { StoreUnavailable } from "../../store/log.ts";
import { mayUse, type Principal } from "./auth/principal.ts";
import { type TokenLookup, tokenOf } from "./auth/token.ts";
import { clientAddress } from "./client-address.ts";
import { failureResponse, HttpFailure, unavailable, userNotFound } from "./failure.ts";
import { announcedLength } from "./input/body.ts";
import {
  bodyParams,
  checkPairs,
  checkParams,
  contentKind,
  formParams,
  type LargeTexts,
  mergeParams,
  type RawParams,
} from "./input/params.ts";
import type { ByteGate, Lease } from "./memory/byte-gate.ts";
import { heldAnswer, sizeOf } from "./memory/held-answer.ts";
import { jsonPieces } from "./memory/json-pieces.ts";
import type { Call, Operation } from "./operation.ts";
import { refusalFailure } from "./refusals.ts";
import { maybeFromForeignPage } from "./request-host.ts";
import type { RequestPlace, RequestPlaces } from "./request-places.ts";
import type { AllServices, HttpOptions } from "./services.ts";

export type AppParts = {
  readonly services: AllServices;
  readonly options: HttpOptions;
  readonly operations: readonly Operation[];
  readonly lookup: TokenLookup;
  /** Whether X-Forwarded-For from this address is believed. */
  readonly trusted: (address: string) => boolean;
  readonly leaving: AbortSignal;
  readonly gate: ByteGate;
  readonly places: RequestPlaces;
};

/** What the socket knows of a request: the address of the connection. */
export type Bindings = { readonly peer: string };
type Env = { Bindings: Bindings };

const parametersLimit = 1024 * 1024;
/** Answers up to this size are the kernel's as soon as they are made. */
const smallAnswer = 64 * 1024;

/** The API as a function from requests to responses: it never throws, and every response has its final headers. */
export function createApp(parts: AppParts): Hono<Env> {
  const { services, options, operations } = parts;
  const app = new Hono<Env>({ strict: true });
  app.use(
    cors({
      origin: options.corsOrigins === "*" ? "*" : [...options.corsOrigins],
      allowMethods: ["GET", "POST", "PUT", "DELETE"],
      allowHeaders: ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "X-Access-Token"],
      exposeHeaders: ["Content-Disposition", "Retry-After"],
      maxAge: 600,
    }),
  );
  app.use(async (context, next) => {
    await next();
    const headers = context.res.headers;
    headers.set("X-Content-Type-Options", "nosniff");
    // Tokens may stand in the query: no page that links elsewhere may pass them on.
    headers.set("Referrer-Policy", "no-referrer");
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  });

  for (const operation of operations) {
    app.on(operation.method, routeOf(operation.path), async (context) => {
      const started = services.clock.monotonic();
      const call: RequestFacts = {
        request: context.req.raw,
        url: new URL(context.req.url),
        path: context.req.param(),
        peer: context.env.peer,
      };
      const response = await answer(operation, call, parts);
      const seconds = (services.clock.monotonic() - started) / 1000;
      services.metrics.command("http", operation.id, resultOf(response.status), seconds);
      return response;
    });
  }
  for (const [path, methods] of methodsByPath(operations)) {
    app.all(path, () =>
      failureResponse(
        new HttpFailure(405, "MethodNotAllowed", `Only ${methods.join(", ")} can be used here`, {
          headers: { Allow: methods.join(", ") },
        }),
      ),
    );
  }
  app.notFound(() => failureResponse(new HttpFailure(404, "ResourceNotFound", "There is nothing at this path")));
  app.onError((error) => failureResponse(failureOf(error, parts, {})));
  return app;
}

type RequestFacts = { request: Request; url: URL; path: Record<string, string>; peer: string };

async function answer(operation: Operation, facts: RequestFacts, parts: AppParts): Promise<Response> {
  const { services, options } = parts;
  const remote = clientAddress(facts.peer, facts.request.headers.get("x-forwarded-for"), parts.trusted);
  let held: Lease | null = null;
  let place: RequestPlace | null = null;
  try {
    place = parts.places.enter(remote);
    checkPairs(facts.url.search);
    const principal = await admit(operation, facts, parts, remote);
    if (principal !== nobody) place.belongsTo(principal);
    const whose = accountOf(facts, principal) ?? "";
    await refuseNobody(whose, parts);
    if (operation.method !== "GET") held = await roomForBody(operation, facts, whose, parts);
    const read = await paramsOf(operation, facts, principal, { parts, held });
    const params = checkParams(operation.params, read.params);
    const { request } = facts;
    const call: Call = {
      services,
      options,
      principal,
      remote,
      request,
      texts: read.texts,
      leaving: parts.leaving,
      operations: parts.operations,
      gate: parts.gate,
    };
    const result = await operation.run(params as never, call);
    note(operation, params, { principal, remote }, services.logger);
    return result instanceof Response ? result : await jsonAnswer(result as object, whose, parts);
  } catch (error) {
    return failureResponse(failureOf(error, parts, { operation: operation.id, remote }));
  } finally {
    held?.release();
    place?.leave();
  }
}

/**
 * Whatever the operation, the account it is about is somebody's. One that a crash left without its user, and one whose
 * user is deleted, cannot be reached.
 */
async function refuseNobody(whose: string, { services }: AppParts): Promise<void> {
  const account = whose.trim().toLowerCase();
  if (isObjectId(account) && !(await services.directory.hasUser(account as AccountId))) throw userNotFound();
}

async function jsonAnswer(result: object, whose: string, { gate, services }: AppParts): Promise<Response> {
  const json = await jsonPieces({ success: true, ...result }, services.clock);
  const headers = { "Content-Type": "application/json" };
  const size = sizeOf(json);
  if (size <= smallAnswer) return new Response(Buffer.concat(json), { headers });
  const lease = await gate.take(size, whose);
  return heldAnswer(json, headers, { lease, clock: services.clock });
}

/** Room for the body that is announced; one whose length is not known takes its room as it comes. */
function roomForBody(
  operation: Operation,
  { request }: RequestFacts,
  whose: string,
  { gate, options }: AppParts,
): Promise<Lease> {
  const announced = contentKind(request) === "other" ? 0 : (announcedLength(request) ?? 0);
  const most = largestBody(options);
  return gate.take(announced > most ? 0 : announced * weightOf(operation), whose);
}

/** The texts of a message are there as they came, and in the message that is composed of them. */
const weightOf = ({ largeTexts }: Operation): number => (largeTexts === undefined ? 1 : 2);

// Attachments come as Base64 in the JSON text: four bytes for three, and escapes.
const largestBody = ({ messageSize }: HttpOptions): number => messageSize * 2 + parametersLimit;

/** Who changed what, with the session and address that the caller gave for its own client. */
function note(
  operation: Operation,
  params: RawParams,
  from: { principal: Principal; remote: string },
  logger: Logger,
): void {
  const { user, sess, ip } = params;
  const fields = {
    protocol: "http",
    operation: operation.id,
    by: from.principal.kind,
    remote: from.remote,
    user,
    sess,
    ip,
  };
  if (operation.method === "GET") logger.debug(fields, "Answered a request");
  else logger.info(fields, "Answered a request");
}

/** Who asks, if they may; nothing of the body has been read yet. */
async function admit(operation: Operation, facts: RequestFacts, parts: AppParts, remote: string): Promise<Principal> {
  const { access, admits } = operation;
  if (access === "anyone") return nobody;
  const forwarded = facts.request.headers.has("x-forwarded-for") || facts.request.headers.has("forwarded");
  const foreign = maybeFromForeignPage(facts.request.headers, parts.services.hostname);
  if (admits?.({ options: parts.options, peer: facts.peer, forwarded, foreign })) return nobody;
  const token = tokenOf(facts.url, facts.request.headers);
  const principal = token === null ? null : await parts.lookup(token, remote);
  if (principal === null) {
    throw new HttpFailure(403, "InvalidToken", "Invalid accessToken value");
  }
  if (!mayUse(principal, access, accountOf(facts, principal)))
    throw new HttpFailure(403, "MissingPrivileges", "Not enough privileges");
  return principal;
}

/** The account the path names; null: none. */
function accountOf({ path }: RequestFacts, principal: Principal): string | null {
  return path.user === "me" && principal.kind === "user" ? principal.account : (path.user ?? null);
}

// Operations for anyone look at nobody's rights; the least of them stands for whoever asks.
const nobody: Principal = { kind: "user", account: "" as never };

async function paramsOf(
  operation: Operation,
  { request, url, path }: RequestFacts,
  principal: Principal,
  { parts: { options, services }, held }: { parts: AppParts; held: Lease | null },
): Promise<{ params: RawParams; texts: LargeTexts }> {
  const { clock } = services;
  const query = formParams(url.searchParams);
  const named = path.user === "me" && principal.kind === "user" ? { ...path, user: principal.account } : path;
  const bodiless = { params: mergeParams(named, query, {}), texts: noTexts };
  if (operation.method === "GET") return bodiless;
  const raw = operation.body === "raw";
  if (raw && (contentKind(request) !== "json" || !request.headers.has("content-type"))) return bodiless;
  const room = { limit: raw ? largestBody(options) : parametersLimit, held, clock, weight: weightOf(operation) };
  const large = { places: operation.largeTexts ?? [], secret: services.randomHex(16) };
  const { params, texts } = await bodyParams(request, room, large);
  return { params: mergeParams(named, query, params), texts };
}

const noTexts: LargeTexts = new Map();

function failureOf(error: unknown, { services }: AppParts, about: object): HttpFailure {
  if (error instanceof HttpFailure) return error;
  if (error instanceof StoreUnavailable) {
    services.logger.warn({ ...about, protocol: "http", err: error }, "Cannot answer a request: the store is away");
    return error.full ? refusalFailure({ kind: "storeFull" }) : unavailable();
  }
  services.logger.error({ ...about, protocol: "http", err: error }, "Cannot answer a request");
  return new HttpFailure(500, "InternalServerError", "The server failed to answer; its log says why");
}

/** `/users/{user}` as the router writes it. */
const routeOf = (path: string) => path.replace(/\{(\w+)\}/g, ":$1");

function methodsByPath(operations: readonly Operation[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { method, path } of operations) {
    const known = methods.get(routeOf(path)) ?? [];
    methods.set(routeOf(path), [...known, ...(method === "GET" ? ["GET", "HEAD"] : [method])]);
  }
  return methods;
}

const resultOf = (status: number) => (status < 400 ? "ok" : status === 400 ? "bad" : status < 500 ? "no" : "error");
