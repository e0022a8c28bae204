import type { LogEntry } from "../../domain/account/events.ts";
import type { AccountId, BlobId } from "../../domain/ids.ts";
import type { Blobs } from "../blobs.ts";
import type { StoredAddress, StoredUser } from "../directory.ts";
import { type Base, type BodyPlace, type Log, LogCompacted } from "../log.ts";
import type { Stores } from "../stores.ts";
import { appendRun } from "./append-run.ts";
import { blobsOf, type SizedReference } from "./blobs-of.ts";

/** Where a transfer takes blobs from: the pieces of the blob, or null where it has none of that name. */
export type BlobSource = (
  blob: BlobId,
  size: number,
) => Promise<AsyncIterable<Uint8Array> | Iterable<Uint8Array> | null>;

/**
 * Brings an account's entries into stores that nobody else writes this account in, in an order that keeps it whole at
 * every moment: blobs, then the references of their messages, then the entries. Entries must follow each other from 1;
 * those that an earlier attempt has brought stay as they are.
 */
export class AccountWriter {
  readonly #stores: Stores;
  readonly #account: AccountId;
  readonly #blobs: BlobSource;
  readonly #brought: BroughtBlobs;
  #present = 0;
  #held: LogEntry[] = [];
  #heldBytes = 0;

  private constructor(stores: Stores, account: AccountId, blobs: BlobSource, brought: BroughtBlobs, present: number) {
    this.#stores = stores;
    this.#account = account;
    this.#blobs = blobs;
    this.#brought = brought;
    this.#present = present;
  }

  static async open(stores: Stores, account: AccountId, blobs: BlobSource, brought: BroughtBlobs) {
    return new AccountWriter(stores, account, blobs, brought, await unbrokenHead(stores.log, account));
  }

  /** Entries up to here are there already: they need not be given. */
  get present(): number {
    return this.#present;
  }

  async write(entry: LogEntry): Promise<void> {
    if (entry.seq <= this.#present) return;
    this.#held.push(entry.account === this.#account ? entry : { ...entry, account: this.#account });
    this.#heldBytes += 1024;
    for (const body of entry.bodies) this.#heldBytes += body.length;
    if (this.#held.length >= entriesAtOnce || this.#heldBytes >= bytesAtOnce) await this.flush();
  }

  /**
   * The beginning of a log whose first entries are gone: `bodies` are what its messages need from them, ascending by
   * place, and `blobs` what they are in. The next entry to be written is the base's own.
   */
  async writeBase(
    base: Base,
    bodies: AsyncIterable<PlacedBody> | Iterable<PlacedBody>,
    blobs: readonly SizedReference[],
  ): Promise<void> {
    await this.flush();
    const { log } = this.#stores;
    if ((await log.compaction(this.#account)).base >= base.seq) return;
    let together: PlacedBody[] = [];
    for await (const body of bodies) {
      // All bodies of one entry go in one call.
      if (together.length > 0 && together[0]!.seq !== body.seq) {
        await log.putBodies(this.#account, together);
        together = [];
      }
      together.push(body);
    }
    if (together.length > 0) await log.putBodies(this.#account, together);
    await this.#bring(blobs.map((reference) => ({ ...reference, account: this.#account })));
    await log.saveBase({ ...base, account: this.#account });
  }

  async flush(): Promise<void> {
    if (this.#held.length === 0) return;
    const entries = this.#held.splice(0);
    this.#heldBytes = 0;
    await this.#bring(blobsOf(entries));
    await appendRun(this.#stores.log, entries);
  }

  async #bring(wanted: readonly SizedReference[]): Promise<void> {
    const there: SizedReference[] = [];
    for (const reference of wanted) {
      if (await this.#brought.bring(this.#stores.blobs, reference, this.#blobs)) there.push(reference);
    }
    if (there.length > 0)
      await this.#stores.blobs.reference(there.map(({ blob, account, message }) => ({ blob, account, message })));
  }
}

const entriesAtOnce = 250;
const bytesAtOnce = 4 * 1024 * 1024;

/** Which blobs are known to be in the stores that are written to; shared by all accounts of a transfer. */
export class BroughtBlobs {
  readonly #there = new Map<BlobId, boolean>();

  /** Answers whether the blob is in `blobs` now. Throws where its bytes are not those of its name. */
  async bring(blobs: Blobs, { blob, size }: { blob: BlobId; size: number }, source: BlobSource): Promise<boolean> {
    const known = this.#there.get(blob);
    if (known !== undefined) return known;
    const pieces = await source(blob, size);
    if (pieces !== null) await put(blobs, blob, pieces);
    this.#there.set(blob, pieces !== null);
    return pieces !== null;
  }
}

async function put(blobs: Blobs, blob: BlobId, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const writer = blobs.create();
  try {
    for await (const piece of pieces) await writer.write(piece);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  const { blob: kept } = await writer.finish();
  if (kept !== blob) throw new Error(`Cannot bring blob ${blob}: its bytes are those of ${kept}`);
}

export type PlacedBody = BodyPlace & { readonly bytes: Uint8Array };

/**
 * The last of the entries that follow each other from the log's beginning, the first one or a base: an insert that was
 * cut off may have left holes behind it.
 */
async function unbrokenHead(log: Log, account: AccountId): Promise<number> {
  const [head] = await log.heads([account]);
  const { base } = await log.compaction(account);
  let seq = base > 0 ? base - 1 : 0;
  while (seq < head!) {
    const found = await log.read(account, seq, 500, "no bodies").catch((error: unknown) => {
      // Only bodies are there so far, of a base that was not saved yet.
      if (error instanceof LogCompacted) return [];
      throw error;
    });
    for (const entry of found) {
      if (entry.seq !== seq + 1) return seq;
      seq += 1;
    }
    if (found.length < 500) break;
  }
  return seq;
}

/**
 * Adds a user with its addresses, as they are; those that are there already stay. Comes after the mail: a user that can
 * be found has its mailboxes. An address that another user of the transfer has goes to this one, which was read later.
 */
export async function writeUser(
  { directory }: Stores,
  user: StoredUser,
  addresses: readonly StoredAddress[],
): Promise<void> {
  const inserted = await directory.insertUser(user, null);
  if (inserted !== "inserted") {
    const there = await directory.userById(user.id);
    if (there?.usernameView !== user.usernameView)
      throw new Error(`Cannot add user ${user.username}: the name is taken`);
  }
  for (const address of addresses) {
    if ((await directory.insertAddress(address)) === "inserted") continue;
    const holder = await directory.addressByView(address.addressView);
    if (holder?.user === user.id) continue;
    await directory.deleteAddress(address.addressView);
    await directory.insertAddress(address);
  }
}
