import { z } from "zod";
import type { Access, Principal } from "./auth/principal.ts";
import { auditFields } from "./input/fields.ts";
import type { LargeTexts } from "./input/params.ts";
import type { ByteGate } from "./memory/byte-gate.ts";
import type { AllServices, HttpOptions } from "./services.ts";

/** What an operation is given beside its parameters. */
export type Call = {
  readonly services: AllServices;
  readonly options: HttpOptions;
  readonly principal: Principal;
  /** The client's address. */
  readonly remote: string;
  /** The request as it came; its body is unread only where `body` says `"raw"`. */
  readonly request: Request;
  /** Aborted when the server drains: for answers that never end by themselves. */
  readonly leaving: AbortSignal;
  /** All operations of this API: it describes itself. */
  readonly operations: readonly Operation[];
  /** What names in the parameters stand for, where the operation has `largeTexts`. */
  readonly texts: LargeTexts;
  /** To be asked before a large message is read into memory. */
  readonly gate: ByteGate;
};

/** An answer that is not JSON: its media type and one sentence on what it is. */
export type OtherAnswer = { readonly type: string; readonly description: string };

type Facts = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With {names}, as OpenAPI writes them. */
  readonly path: string;
  /** OpenAPI's operationId, and the command's name in metrics. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: Access;
  /**
   * Lets a request in without a token. `forwarded`: a proxy says it speaks for somebody else; `foreign`: a web page of
   * another site may be asking.
   */
  readonly admits?: (from: { options: HttpOptions; peer: string; forwarded: boolean; foreign: boolean }) => boolean;
  /**
   * `params`: read and merged with the others. `raw`: what is JSON is merged up to the message size, anything else is
   * left for `run` to read.
   */
  readonly body: "params" | "raw";
  /** Where JSON may have texts as large as a message: `run` gets names in their places, and the texts by name. */
  readonly largeTexts?: readonly string[];
};

export type Operation = Facts & {
  readonly params: z.ZodObject;
  readonly answer: z.ZodType | OtherAnswer;
  readonly run: (params: never, call: Call) => Promise<unknown>;
};

/**
 * One operation of the API: facts that routing, rights, checks, metrics and /openapi.json read, and what it does.
 * `run` answers what is sent as JSON after `success: true`, or a Response.
 */
export function operation<P extends z.ZodRawShape, A extends z.ZodType | OtherAnswer>(
  facts: Omit<Facts, "body"> & {
    readonly body?: Facts["body"];
    readonly params: P;
    readonly answer: A;
    readonly run: (
      params: z.output<z.ZodObject<P & typeof auditFields>>,
      call: Call,
    ) => Promise<A extends z.ZodType ? z.input<A> | Response : Response>;
  },
): Operation {
  return {
    ...facts,
    body: facts.body ?? "params",
    params: z.object({ ...facts.params, ...auditFields }),
    run: facts.run as Operation["run"],
  };
}
