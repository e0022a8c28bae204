import type { Accounts } from "../../../actors/account/requests.ts";
import { runOf } from "../../../domain/account/uid-runs.ts";
import type { AccountId, MailboxId } from "../../../domain/ids.ts";
import { messageNotFound } from "../failure.ts";
import { granted } from "../refusals.ts";

const pieceSize = 1024 * 1024;

/**
 * A message's bytes as they came, read piece by piece no faster than the client takes them. Should the message be
 * expunged meanwhile, the stream breaks off: the client sees fewer bytes than announced.
 *
 * @throws HttpFailure MessageNotFound
 */
export async function sourceStream(
  accounts: Accounts,
  account: AccountId,
  mailbox: MailboxId,
  uid: number,
): Promise<{ size: number; stream: ReadableStream<Uint8Array> }> {
  const first = await readPiece(0);
  let at = 0;
  let piece: Uint8Array | null = first.bytes;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (at < first.size) {
          piece ??= (await readPiece(at)).bytes;
          if (piece.length === 0)
            throw new Error(`Cannot go on reading message ${uid}: it ends at ${at} of ${first.size}`);
          at += piece.length;
          controller.enqueue(piece);
          piece = null;
        }
        if (at >= first.size) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { size: first.size, stream };

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
