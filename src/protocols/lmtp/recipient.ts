import type { AccountId } from "../../domain/ids.ts";

/** A recipient that RCPT accepted: where its mail goes, and its address as the MTA wrote it. */
export type Recipient = { readonly account: AccountId; readonly address: string };
