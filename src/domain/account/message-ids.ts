import type { MessageId } from "../ids.ts";
import { type Chunk, messageIdBytes } from "./chunk.ts";

/** Message ids as columns have them: 12 bytes, one id after the other. */

/** The 12 bytes of a message id. */
export function idBytes(id: string): Uint8Array {
  const bytes = new Uint8Array(messageIdBytes);
  for (let at = 0; at < messageIdBytes; at++) bytes[at] = Number.parseInt(id.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The message id at `offset` of a column of ids. */
export function idText(bytes: Uint8Array, offset = 0): string {
  let text = "";
  for (let at = offset; at < offset + messageIdBytes; at++) text += hexPairs[bytes[at]!];
  return text;
}

/** The message of a row. */
export function messageAt({ fixed }: Pick<Chunk, "fixed">, row: number): MessageId {
  return idText(fixed.message, row * messageIdBytes) as MessageId;
}

/** The message of each row, in order; of copies, the same more than once. */
export function* messagesIn(chunks: readonly Chunk[]): Generator<MessageId> {
  for (const chunk of chunks) for (let row = 0; row < chunk.length; row++) yield messageAt(chunk, row);
}
