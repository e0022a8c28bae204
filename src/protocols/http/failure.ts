/** The statuses this API answers failures with. */
export type FailureStatus = 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 429 | 500 | 503 | 507;

/** Thrown to end an operation with `{error, code, details?}`; `text` is shown to the client. */
export class HttpFailure extends Error {
  constructor(
    readonly status: FailureStatus,
    readonly code: string,
    text: string,
    readonly more: {
      readonly details?: Readonly<Record<string, string>>;
      /** Seconds. */
      readonly retryAfter?: number;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(text);
    this.name = "HttpFailure";
  }
}

/** 400 InputValidationError about one parameter. */
export function badInput(field: string, text: string): HttpFailure {
  return new HttpFailure(400, "InputValidationError", `"${field}" ${text}`, {
    details: { [field]: `"${field}" ${text}` },
  });
}

export const userNotFound = () => new HttpFailure(404, "UserNotFound", "This user does not exist");
export const messageNotFound = () => new HttpFailure(404, "MessageNotFound", "This message does not exist");

/** The store or a part of the node does not answer; the same request may work soon. */
export const unavailable = (retryAfter = 5) =>
  new HttpFailure(503, "ServiceUnavailable", "The server cannot do this at the moment, try again later", {
    retryAfter,
  });

/** The failure as the response a client gets. */
export function failureResponse(failure: HttpFailure): Response {
  const headers: Record<string, string> = { ...failure.more.headers };
  if (failure.more.retryAfter !== undefined)
    headers["Retry-After"] = String(Math.max(1, Math.ceil(failure.more.retryAfter)));
  const { details } = failure.more;
  return Response.json(
    { error: failure.message, code: failure.code, ...(details ? { details } : {}) },
    { status: failure.status, headers },
  );
}
