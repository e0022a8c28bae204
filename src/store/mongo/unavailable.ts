import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoDriverError,
  MongoError,
  MongoServerError,
  MongoUnexpectedServerResponseError,
} from "mongodb";
import { StoreUnavailable } from "../log.ts";

const fullDisk = "the disk is full";

/**
 * Server codes that mean "not now": elections and shutdowns, interrupted or timed-out work, a write that a minority
 * only has, a full disk. (Names and numbers: MongoDB's error_codes.yml.)
 */
const passing: Readonly<Record<number, string>> = {
  6: "a host is not reachable",
  7: "a host is not found",
  24: "a lock was not had in time",
  43: "the cursor is gone",
  50: "it took too long",
  64: "a majority has not confirmed the write",
  79: "the write concern is unknown",
  89: "the network timed out",
  91: "the server is shutting down",
  100: "a majority cannot be had",
  112: "another write was in the way",
  134: "a majority has not caught up",
  189: "the primary stepped down",
  237: "the cursor was killed",
  262: "it took too long",
  290: "it took too long",
  9001: "the connection was lost",
  10107: "there is no primary here",
  11600: "the server is shutting down",
  11601: "it was interrupted",
  11602: "the primary changed",
  13388: "the sharding map changed",
  13435: "there is no primary here",
  13436: "there is no primary yet",
  14031: fullDisk,
};

/** Does `run`; whatever says that the database is away comes out as `StoreUnavailable`, anything else as it is. */
export async function guarded<T>(action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const state = stateOf(error);
    if (state === null) throw error;
    throw new StoreUnavailable(`Cannot ${action}: ${state}`, { cause: error, full: state.startsWith(fullDisk) });
  }
}

/** Why trying again later may help, or null where it will not. */
export function stateOf(error: unknown): string | null {
  if (!(error instanceof MongoError)) return null;
  if (error instanceof MongoBulkWriteError) {
    const codes = [error.writeErrors].flat().map(({ code }) => passing[code]);
    // Without a failed document it is the wrapping of something else: of a connection that was lost, of a write concern.
    return codes.length === 0 ? error.message : (codes.find((state) => state !== undefined) ?? null);
  }
  if (error instanceof MongoServerError) {
    const known = passing[Number(error.code)];
    if (known !== undefined) return `${known} (${error.code})`;
    if (error.hasErrorLabel("RetryableWriteError") || error.hasErrorLabel("RetryableError")) return error.message;
    const { writeConcernError } = error.errorResponse ?? {};
    return writeConcernError ? "a majority has not confirmed the write" : null;
  }
  if (error instanceof MongoUnexpectedServerResponseError) return error.message;
  if (error instanceof MongoClientClosedError) return "the connection is closed";
  // The driver's own errors are about connections and time, except those about how it was called.
  if (error instanceof MongoDriverError) return callerFaults.has(error.name) ? null : error.message;
  return error.message;
}

const callerFaults = new Set([
  "MongoAPIError",
  "MongoInvalidArgumentError",
  "MongoMissingDependencyError",
  "MongoCompatibilityError",
  "MongoParseError",
  "MongoMissingCredentialsError",
]);
