import type { Chunk, FixedColumns } from "../../domain/account/chunk.ts";
import type { MessageField } from "../../store/state.ts";

/**
 * Fields of message records, kept beside the chunk rows they belong to: a chunk's fixed columns never change, so a row
 * index is as good a key as a message id, and there is nothing to look up. Bounded by bytes; the chunks that were
 * used longest ago are forgotten first.
 */
export class FieldCache {
  readonly #budget: number;
  #bytes = 0;
  readonly #kept = new Map<FixedColumns, Kept>();

  constructor(budget: number) {
    this.#budget = budget;
  }

  get(chunk: Chunk, at: number, field: MessageField): Uint8Array | undefined {
    return this.#kept.get(chunk.fixed)?.fields.get(field)?.[at];
  }

  put(chunk: Chunk, at: number, field: MessageField, bytes: Uint8Array): void {
    let kept = this.#kept.get(chunk.fixed);
    if (!kept) {
      kept = { fields: new Map(), bytes: 0 };
      this.#kept.set(chunk.fixed, kept);
    }
    let values = kept.fields.get(field);
    if (!values) {
      values = [];
      kept.fields.set(field, values);
    }
    if (values[at]) return;
    values[at] = bytes;
    const cost = bytes.length + rowOverhead;
    kept.bytes += cost;
    this.#bytes += cost;
    if (this.#bytes > this.#budget) this.#forget(chunk.fixed);
  }

  /** The chunk was used just now. */
  touch(chunk: Chunk): void {
    const kept = this.#kept.get(chunk.fixed);
    if (!kept) return;
    this.#kept.delete(chunk.fixed);
    this.#kept.set(chunk.fixed, kept);
  }

  #forget(except: FixedColumns): void {
    for (const [fixed, kept] of this.#kept) {
      if (this.#bytes <= this.#budget * 0.9) break;
      if (fixed === except) continue;
      this.#kept.delete(fixed);
      this.#bytes -= kept.bytes;
    }
  }
}

/** What a typed array costs besides its bytes. */
const rowOverhead = 96;

type Kept = { readonly fields: Map<MessageField, (Uint8Array | undefined)[]>; bytes: number };
