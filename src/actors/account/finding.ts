import type { AccountId, MessageId } from "../../domain/ids.ts";
import type { BlobReference } from "../../store/blobs.ts";

/** Something that is not as the log says. The text names the entry, or the mailbox and UID. */
export type Finding = {
  readonly account: AccountId;
  readonly what: "log" | "base" | "snapshot" | "record" | "body" | "blob" | "reference" | "quota";
  readonly text: string;
  /** What can be made again from the log; null: nothing can, and a backup is what helps. */
  readonly repair: Repair | null;
};

export type Repair =
  /** Thrown away: the next activation makes another one. */
  | { readonly kind: "snapshot" }
  | { readonly kind: "record"; readonly message: MessageId }
  | { readonly kind: "add reference" | "remove reference"; readonly reference: BlobReference };

/** Takes findings. */
export type Find = (what: Finding["what"], text: string, repair?: Repair | null) => void;
