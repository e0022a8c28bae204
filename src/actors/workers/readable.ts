import type { AttachmentFacts } from "../account/requests.ts";

/** A message as a person reads it. */
export type ReadableContent = {
  readonly headers: readonly { key: string; value: string }[];
  readonly text: string;
  readonly html: readonly string[];
  readonly attachments: readonly AttachmentFacts[];
};

/** The same as it is passed on: see ReadableMessage in account/requests.ts. */
export type ShownContent = Pick<ReadableContent, "headers" | "attachments"> & { readonly shown: Uint8Array };

export type DecodedAttachment = { readonly facts: AttachmentFacts; readonly bytes: Uint8Array };
