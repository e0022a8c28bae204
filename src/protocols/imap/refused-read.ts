import type { Refused } from "../../actors/account/requests.ts";
import type { Refusal } from "../../domain/account/refusal.ts";
import type { RefusedObject } from "./refusals.ts";

/**
 * A question that a command cannot do without was refused. Thrown, so that reading deep inside a command ends it; the
 * dispatcher makes the NO of it.
 */
export class RefusedRead extends Error {
  override readonly name = "RefusedRead";

  constructor(
    readonly refusal: Refusal,
    readonly object: RefusedObject = "mailbox",
  ) {
    super(`Refused: ${refusal.kind}`);
  }
}

/** The answer, where it is not a refusal. */
export function granted<T extends { readonly ok: true }>(answer: T | Refused): T {
  if (!answer.ok) throw new RefusedRead(answer.refusal);
  return answer;
}
