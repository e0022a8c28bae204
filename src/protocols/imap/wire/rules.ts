import type { Rule } from "./cursor.ts";
import type * as wire from "./types.ts";

/** Signatures first; each is re-exported from its own file as it is filled in. */
export declare const astring: Rule<string>;
export declare const atom: Rule<string>;
export declare const nzNumber: Rule<number>;
export declare const mailbox: Rule<string>;
export declare const sequenceSet: Rule<wire.SequenceSet>;
export declare const uidSet: Rule<wire.SequenceSet>;
export declare const fetchRequest: Rule<wire.FetchRequest>;
export declare const storeUpdate: Rule<wire.StoreUpdate>;
/** SEARCH's whole argument list: RETURN, CHARSET and keys. */
export declare const searchRequest: Rule<wire.SearchRequest>;
export declare const statusItems: Rule<readonly wire.StatusItem[]>;
/** SELECT's and EXAMINE's whole argument list. */
export declare const selectRequest: Rule<wire.SelectRequest>;
export declare const listRequest: Rule<wire.ListRequest>;
/** LSUB's pattern (and LIST's, within listRequest). */
export declare const listMailbox: Rule<string>;
export declare const createRequest: Rule<wire.CreateRequest>;
/** For `AnnouncedLiteral.args`: reads all of it. */
export declare const appendOpening: Rule<wire.AppendOpening>;
export declare const appendRequest: Rule<wire.AppendRequest>;
export declare const authenticateRequest: Rule<wire.AuthenticateRequest>;
export declare const idRequest: Rule<wire.IdRequest>;
/** ENABLE's: upper-case. */
export declare const capabilities: Rule<readonly string[]>;
export declare const quotaLimits: Rule<readonly wire.QuotaLimit[]>;
