import type { Anatomy, Part } from "./anatomy.ts";

export type MessageRange = {
  readonly start: number;
  readonly end: number;
  readonly kind: "skeleton" | "attachment";
};

/**
 * Divides a message for storage: the bodies of leaf parts of `atLeast` bytes or more, which may be shared with other
 * messages that carry the same bytes, and the skeleton around them. In order, without gap or overlap, each of at least
 * one byte: put together they are the message. An empty message has none.
 */
export function splitMessage(anatomy: Anatomy, atLeast: number): readonly MessageRange[] {
  const ranges: MessageRange[] = [];
  let at = 0;
  const visit = (part: Part): void => {
    part.children.forEach(visit);
    const { start, end } = part.body;
    if (part.kind !== "leaf" || end - start < Math.max(1, atLeast)) return;
    if (start > at) ranges.push({ start: at, end: start, kind: "skeleton" });
    ranges.push({ start, end, kind: "attachment" });
    at = end;
  };
  visit(anatomy.root);
  if (anatomy.size > at) ranges.push({ start: at, end: anatomy.size, kind: "skeleton" });
  return ranges;
}
