import type { Flag } from "../account/events.ts";
import type { UidRuns } from "../account/uid-runs.ts";

/**
 * What SEARCH asks for (RFC 9051 §6.4.4, RFC 7162 §3.1.5, RFC 5032), protocol-neutral: message sets are UIDs already,
 * strings are decoded to Unicode. Substring tests ignore letter case.
 */
export type SearchCriteria =
  | { kind: "all" }
  | { kind: "and"; of: readonly SearchCriteria[] }
  | { kind: "or"; of: readonly SearchCriteria[] }
  | { kind: "not"; of: SearchCriteria }
  | { kind: "uids"; uids: UidRuns }
  | { kind: "flag"; flag: Flag }
  /** Octets of the whole message. */
  | { kind: "larger"; size: number }
  | { kind: "smaller"; size: number }
  /** By day, disregarding time and zone: `day` is days since 1970-01-01. */
  | { kind: "internalDate"; is: "before" | "on" | "since"; day: number }
  /** By the day in the message's Date field as written, its zone disregarded. */
  | { kind: "sentDate"; is: "before" | "on" | "since"; day: number }
  /** By the moment: milliseconds since 1970 (RFC 5032 OLDER and YOUNGER, resolved against the clock). */
  | { kind: "arrived"; is: "before" | "since"; at: number }
  | { kind: "modseq"; from: number }
  /** Empty text: the field is there at all. Field names in any letter case; From, To, Cc, Bcc and Subject are this too. */
  | { kind: "header"; field: string; text: string }
  /** The decoded text of the body parts. */
  | { kind: "body"; text: string }
  /** Header or body. */
  | { kind: "text"; text: string };
