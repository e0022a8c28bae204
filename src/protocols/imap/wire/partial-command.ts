import type { CommandOpening } from "./command-opening.ts";
import type { LiteralFacts, LiteralSink } from "./types.ts";

/** What a reader holds of a command that is not all there yet; an idle reader has none. */
export class PartialCommand {
  bytes: Uint8Array = new Uint8Array(256);
  length = 0;
  /** Where the line being read begins: 0, or behind the last literal. */
  lineAt = 0;
  /** Octets of its lines, without literals. */
  lineOctets = 0;
  /** Octets of its collected literals. */
  literalOctets = 0;
  literals: LiteralFacts[] = [];
  opening: CommandOpening | null = null;
  /** Octets of the literal being read that are still to come. */
  remaining = 0;
  sink: LiteralSink | null = null;

  /** Adds octets; space doubles, so that what half a command holds is at most twice what was sent. */
  append(octets: Uint8Array): void {
    const length = this.length + octets.length;
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(octets, this.length);
    this.length = length;
  }
}
