import { formatBodyStructure } from "./body-structure.ts";
import { formatEnvelope } from "./envelope.ts";
import { parseMessage } from "./parse.ts";
import { summarise } from "./summarise.ts";
import type { MessageSummary } from "./summary.ts";

/**
 * Which reading of mail a description is of. A change by which any message is described otherwise raises it: descriptions
 * stay what they were when their message came, and nobody takes them for damaged.
 */
export const reading = 2;

/** What is kept about a message so that it need not be parsed again: IMAP text ready to send, and JSON. */
export type MessageDescription = {
  readonly envelope: Uint8Array;
  readonly bodystructure: Uint8Array;
  /** Anatomy, JSON, and the `reading` that it is of. */
  readonly anatomy: Uint8Array;
  /** MessageSummary, JSON. */
  readonly summary: Uint8Array;
};

const encoder = new TextEncoder();

export function describeMessage(bytes: Uint8Array): MessageDescription {
  const anatomy = parseMessage(bytes);
  return {
    envelope: formatEnvelope(anatomy.root.envelope!),
    bodystructure: formatBodyStructure(anatomy.root, true),
    anatomy: encoder.encode(JSON.stringify({ reading, ...anatomy })),
    summary: encoder.encode(JSON.stringify(summarise(bytes, anatomy))),
  };
}

/** Stands in for a message that could not be described: it is served as bytes, and says nothing of itself. */
export function opaqueDescription(size: number): MessageDescription {
  const whole = { start: 0, end: size };
  const summary: MessageSummary = {
    from: null,
    sender: null,
    replyTo: [],
    to: [],
    cc: [],
    bcc: [],
    subject: "",
    messageId: "",
    inReplyTo: "",
    references: [],
    date: null,
    intro: "",
    attachments: false,
    contentType: { value: "application/octet-stream", params: {} },
  };
  const root = {
    kind: "leaf",
    header: { start: 0, end: 0 },
    body: whole,
    lines: 0,
    type: "application",
    subtype: "octet-stream",
    params: [],
    encoding: "binary",
    children: [],
  } as const;
  return {
    envelope: encoder.encode("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"),
    bodystructure: formatBodyStructure(root, true),
    anatomy: encoder.encode(JSON.stringify({ reading, size, root })),
    summary: encoder.encode(JSON.stringify(summary)),
  };
}

/** The reading and the size that a kept anatomy tells of; null where it is none. The first reading did not say so. */
export function readingOf(anatomy: Uint8Array): { readonly reading: number; readonly size: number } | null {
  try {
    const { reading: number = 1, size } = JSON.parse(new TextDecoder().decode(anatomy));
    return { reading: number, size };
  } catch {
    return null;
  }
}
