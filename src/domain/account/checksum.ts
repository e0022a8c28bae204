/**
 * The rolling checksum: the sum, modulo 2^32 in two lanes, of one hash per message and one per mailbox. A sum does not
 * care for order, so a change costs only what it touches, and a rebuilt state proves itself equal by one comparison.
 */
export type Checksum = { readonly low: number; readonly high: number };

export const zeroChecksum: Checksum = { low: 0, high: 0 };

/** 16 hex digits. */
export function printChecksum({ low, high }: Checksum): string {
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

export function parseChecksum(text: string): Checksum {
  return { low: Number.parseInt(text.slice(8), 16), high: Number.parseInt(text.slice(0, 8), 16) };
}

/** Accumulates differences: `add` what comes to be, `subtract` what is no more. */
export class ChecksumSum {
  low: number;
  high: number;

  constructor(from: Checksum) {
    this.low = from.low;
    this.high = from.high;
  }

  add(hash: Hash): void {
    this.low = (this.low + hash.low) >>> 0;
    this.high = (this.high + hash.high) >>> 0;
  }

  subtract(hash: Hash): void {
    this.low = (this.low - hash.low) >>> 0;
    this.high = (this.high - hash.high) >>> 0;
  }

  value(): Checksum {
    return { low: this.low, high: this.high };
  }
}

/** Mixes 32-bit words one by one; the finished hash stays in `low` and `high` until the next `begin`. */
export class Hash {
  low = 0;
  high = 0;

  begin(seed: number): this {
    this.low = seed ^ 0x9e3779b9;
    this.high = seed ^ 0x7f4a7c15;
    return this;
  }

  word(word: number): this {
    this.low = Math.imul(this.low ^ word, 0x85ebca6b);
    this.low ^= this.low >>> 13;
    this.high = Math.imul(this.high ^ word, 0xc2b2ae35);
    this.high ^= this.high >>> 15;
    return this;
  }

  end(): this {
    this.low = Math.imul(this.low ^ (this.low >>> 16), 0x27d4eb2f) >>> 0;
    this.high = Math.imul(this.high ^ (this.high >>> 16), 0x165667b1) >>> 0;
    this.low = (this.low ^ (this.low >>> 15)) >>> 0;
    this.high = (this.high ^ (this.high >>> 14)) >>> 0;
    return this;
  }
}

/** A 32-bit hash of UTF-16 code units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
