import type { Accounts } from "../../../actors/account/requests.ts";
import type { Clock } from "../../../actors/runtime/clock.ts";
import { runOf } from "../../../domain/account/uid-runs.ts";
import type { AccountId, MailboxId } from "../../../domain/ids.ts";
import { messageNotFound } from "../failure.ts";
import type { ByteGate } from "../memory/byte-gate.ts";
import { cutOffIfSlow } from "../memory/held-answer.ts";
import { granted } from "../refusals.ts";

/** Read at a time; what a stream holds is this, and as much again on its way out. */
const pieceSize = 256 * 1024;

/**
 * A message's bytes as they came, read piece by piece no faster than the client takes them. It counts for what it holds
 * until it ends, however it does; a client that takes too little for too long is cut off. Should the message be
 * expunged meanwhile, the stream breaks off: the client sees fewer bytes than announced.
 *
 * @throws HttpFailure MessageNotFound; 503 where there is no room for it
 */
export async function sourceStream(
  { accounts, gate, clock }: { accounts: Accounts; gate: ByteGate; clock: Clock },
  account: AccountId,
  mailbox: MailboxId,
  uid: number,
): Promise<{ size: number; stream: ReadableStream<Uint8Array> }> {
  const lease = await gate.take(2 * pieceSize, account);
  let piece: Uint8Array | null = null;
  let forget = () => {};
  const end = (): void => {
    piece = null;
    forget();
    lease.release();
  };
  let size: number;
  try {
    const first = await readPiece(0);
    size = first.size;
    piece = first.bytes;
    if (size < pieceSize) lease.resize(2 * size);
  } catch (error) {
    end();
    throw error;
  }
  let at = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const cutOff = (why: Error): void => {
          end();
          controller.error(why);
        };
        forget = cutOffIfSlow(clock, () => at, cutOff);
      },
      async pull(controller) {
        try {
          if (at < size) {
            const next = piece ?? (await readPiece(at)).bytes;
            if (next.length === 0) throw new Error(`Cannot go on reading message ${uid}: it ends at ${at} of ${size}`);
            at += next.length;
            piece = null;
            controller.enqueue(next);
          }
          if (at < size) return;
          controller.close();
          end();
        } catch (error) {
          end();
          throw error;
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  return { size, stream };

  async function readPiece(offset: number): Promise<{ size: number; bytes: Uint8Array }> {
    const partial = { offset, length: pieceSize };
    const page = granted(
      await accounts.ask(account, {
        kind: "readContent",
        mailbox,
        uids: runOf(uid),
        items: [{ kind: "section", part: [], text: "all", partial }],
        maxBytes: pieceSize,
      }),
    );
    if (page.uids.length === 0) throw messageNotFound();
    return { size: page.sizes[0]!, bytes: page.bytes.subarray(page.offsets[0]!, page.offsets[1]!) };
  }
}
