import type { ListenerOptions, Services } from "../services.ts";
import type { OutputPool } from "./output-pool.ts";
import type { ReaderLimits } from "./wire/types.ts";

/** What all IMAP sessions of a listener share. */
export type ImapServer = {
  readonly services: Services;
  readonly options: ListenerOptions;
  readonly outputs: OutputPool;
  /** What a command may be long before login, and after. */
  readonly before: ReaderLimits;
  readonly after: ReaderLimits;
};
