import type { HoldingLimits } from "../../domain/account/holding-limits.ts";
import type { MailboxId, MessageId } from "../../domain/ids.ts";
import type { Logger } from "../../operation/logger.ts";
import type { Stores } from "../../store/stores.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Cpu } from "../workers/cpu.ts";
import type { AppendGatherer } from "./append-gatherer.ts";

/** What an account actor is given; it knows nothing else of the world. */
export type Surroundings = {
  readonly stores: Stores;
  /** Every append goes through here. */
  readonly appends: Pick<AppendGatherer, "append">;
  readonly cpu: Cpu;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Fresh ObjectIds. */
  readonly newId: () => MessageId & MailboxId;
  /** Names an attempt to append: unlike any other, on any node. */
  readonly newBatch: () => string;
  readonly limits: AccountLimits;
};

export type AccountLimits = {
  /** Changes that may wait for one account. */
  readonly queue: number;
  /** Messages that an account may hold. */
  readonly holding: HoldingLimits;
  /** Octets of a message. */
  readonly messageSize: number;
  /** How long an expunged message can be brought back, milliseconds; its record and bytes go after that. */
  readonly retention: number;
  /** How long log entries are kept, milliseconds; left out: for ever. */
  readonly logRetention?: number;
  /** How long an append may be tried before its requests are refused, milliseconds. */
  readonly appendDeadline: number;
};

/** Most octets of a message that ride inside a log entry; larger ones are blobs. */
export const inlineLimit = 128 * 1024;
/** Octets of bodies in one log entry: well below MongoDB's 16 MB a document. */
export const entryBytes = 8 * 1024 * 1024;
/** Changes in one log entry. */
export const entryChanges = 512;
