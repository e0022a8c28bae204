import type { ContentPage, Refused } from "../../actors/account/requests.ts";
import type { Listed } from "./maildrop.ts";
import { err, type Reply, refused } from "./reply.ts";
import type { Session } from "./session.ts";
import type { SignedIn } from "./signed-in.ts";
import { MessageEncoder } from "./wire/message-encoder.ts";

/** Octets of a message read at a time: a session holds one such page, however large the message. */
const pageSize = 256 * 1024;
/** TOP rarely needs more. */
const topPageSize = 16 * 1024;

/** A message, or its header and the first `bodyLines` lines of its body, as a multi-line response. */
export async function sendMessage(
  session: Session & { readonly user: SignedIn },
  message: Listed,
  bodyLines?: number,
): Promise<Reply> {
  const size = bodyLines === undefined ? pageSize : topPageSize;
  const first = await readPage(session, message, 0, size);
  if (!first.ok) return refused(first.refusal);
  if (first.uids.length === 0) return err("Message does not exist any more", "SYS/PERM");
  const encoder = new MessageEncoder(bodyLines);
  const text = bodyLines === undefined ? `${message.octets} octets` : "top of message follows";
  return { status: "+OK", text, octets: pages(session, message, encoder, first, size) };
}

async function* pages(
  session: Session & { readonly user: SignedIn },
  message: Listed,
  encoder: MessageEncoder,
  first: ContentPage,
  size: number,
): AsyncGenerator<Uint8Array> {
  const total = first.sizes[0]!;
  let page = first;
  for (let offset = 0; ; ) {
    const bytes = page.bytes.subarray(page.offsets[0]!, page.offsets[1]!);
    offset += bytes.length;
    yield encoder.encode(bytes);
    if (offset >= total || encoder.satisfied) break;
    const next = await readPage(session, message, offset, size);
    // "+OK" has been said: only a broken connection can tell the client that this is not the whole message.
    if (!next.ok || next.uids.length === 0 || next.offsets[1] === next.offsets[0]) {
      throw new Error(`Cannot read message ${message.uniqueId} on from octet ${offset}`);
    }
    page = next;
  }
  yield encoder.end();
}

function readPage(
  { services, user }: Session & { readonly user: SignedIn },
  { uid }: Listed,
  offset: number,
  length: number,
): Promise<ContentPage | Refused> {
  return services.accounts.ask(user.account, {
    kind: "readContent",
    mailbox: user.maildrop.mailbox,
    uids: [uid, uid],
    items: [{ kind: "section", part: [], text: "all", partial: { offset, length } }],
    maxBytes: length,
  });
}
