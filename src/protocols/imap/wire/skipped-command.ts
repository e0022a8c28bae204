import { literalAnnouncedAt, longestAnnouncement, textEnd } from "./announced-literal.ts";
import { LF } from "./characters.ts";
import type { LiteralFacts, ReadFailure } from "./types.ts";

/** How to go on with a command that is being skipped: through a line, through a literal, or it is behind us. */
export type Skipping = "line" | "literal" | "over";

/**
 * A command that has failed and is still arriving. Nothing of it is kept but what tells where it ends: the last octets
 * of the line, which may announce a literal.
 */
export class SkippedCommand {
  failure: ReadFailure;
  /** Octets of the literal being skipped that are still to come. */
  remaining = 0;
  readonly #patience: number;
  #octets = 0;
  #tail: Uint8Array;

  /** `patience`: octets of lines to skip before it is given up; `tail`: how the line so far ends. */
  constructor(failure: ReadFailure, patience: number, tail: Uint8Array = nothing) {
    this.failure = failure;
    this.#patience = patience;
    this.#tail = tail.slice(-longestAnnouncement);
  }

  /** Skips octets of a line: up to and with its end, or all there are. */
  line(taken: Uint8Array): Skipping {
    this.#octets += taken.length;
    if (this.#octets > this.#patience) return this.#giveUp();
    const tail = joined(this.#tail, taken.subarray(-longestAnnouncement));
    this.#tail = tail.slice(-longestAnnouncement);
    if (taken[taken.length - 1] !== LF) return "line";
    this.#tail = nothing;
    const announced = literalAnnouncedAt(tail, 0, textEnd(tail, 0, tail.length - 1));
    return announced === null ? "over" : this.literal(announced.facts);
  }

  /** What the literal it announces makes of it. A synchronising one is never sent: the command ends with its line. */
  literal({ size, synchronising }: LiteralFacts): Skipping {
    if (synchronising) return "over";
    if (!Number.isFinite(size)) return this.#giveUp();
    this.remaining = size;
    return "literal";
  }

  #giveUp(): Skipping {
    this.failure = { ...this.failure, fatal: true };
    return "over";
  }
}

const nothing = new Uint8Array(0);

/** The octets of both, in a new place. */
export function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
