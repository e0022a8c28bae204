import { MongoBulkWriteError, MongoServerError } from "mongodb";

/** DuplicateKey in MongoDB's error_codes.yml: the unique index has said no. */
const duplicateKey = 11000;

/** True where the only thing wrong with a single insert is that the key was taken. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === duplicateKey && !(error instanceof MongoBulkWriteError);
}

/**
 * Does an unordered bulk insert and answers the positions whose key was taken; throws where anything else went wrong,
 * also when it only went wrong for one document or for the write concern.
 */
export async function taken(insert: () => Promise<unknown>): Promise<ReadonlySet<number>> {
  try {
    await insert();
    return new Set();
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const failures = [error.writeErrors].flat();
    if (failures.length === 0 || error.result.getWriteConcernError()) throw error;
    if (failures.some((failure) => failure.code !== duplicateKey)) throw error;
    return new Set(failures.map((failure) => failure.index));
  }
}
