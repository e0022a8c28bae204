import { isUtf8, transcode } from "node:buffer";
import { runOf } from "../../../domain/account/uid-runs.ts";
import type { AccountId, MailboxId } from "../../../domain/ids.ts";
import { attachmentDisposition, safeMediaType } from "../content-disposition.ts";
import { HttpFailure, messageNotFound } from "../failure.ts";
import { accountId, flag, mailboxId, text, uid } from "../input/fields.ts";
import type { Lease } from "../memory/byte-gate.ts";
import { heldAnswer, sizeOf } from "../memory/held-answer.ts";
import { detailsOf, messageDetails } from "../message/message-view.ts";
import { sourceStream } from "../message/source-stream.ts";
import { type Call, operation } from "../operation.ts";
import { granted } from "../refusals.ts";
import { change } from "./mailboxes.ts";

const tag = "Messages";
const place = { user: accountId, mailbox: mailboxId, message: uid };
const messagePath = "/users/{user}/mailboxes/{mailbox}/messages/{message}";

export const getMessage = operation({
  method: "GET",
  path: messagePath,
  id: "getMessage",
  tag,
  summary: "One message, decoded",
  access: { may: "read", what: "messages", whose: "own" },
  params: { ...place, replaceCidLinks: flag.default(false), markAsSeen: flag.default(false) },
  answer: messageDetails,
  async run({ user, mailbox, message: uid, replaceCidLinks, markAsSeen }, call) {
    const { services } = call;
    return readHeld(call, { user, mailbox, uid }, async (lease) => {
      if (markAsSeen) {
        const seen = { kind: "changeFlags", mailbox: { id: mailbox }, uids: runOf(uid), change: "add" } as const;
        await change(services, user, { ...seen, flags: ["\\Seen"] });
      }
      const links = replaceCidLinks ? `/users/${user}/mailboxes/${mailbox}/messages/${uid}/attachments` : null;
      const message = granted(await services.accounts.ask(user, { kind: "readMessage", mailbox, uid, links }));
      const details = JSON.stringify({ success: true, ...detailsOf(message, { user, mailbox }) });
      const json = [Buffer.from(`${details.slice(0, -1)},`, "utf8"), message.shown, Buffer.from("}")];
      // Twice the text where it is HTML as well, and escapes: known only now.
      lease.resize(sizeOf(json));
      return heldAnswer(json, { "Content-Type": "application/json" }, { lease, clock: services.clock });
    });
  },
});

export const getMessageSource = operation({
  method: "GET",
  path: `${messagePath}/message.eml`,
  id: "getMessageSource",
  tag,
  summary: "One message, byte for byte",
  access: { may: "read", what: "messages", whose: "own" },
  params: place,
  answer: { type: "message/rfc822", description: "The message as it was delivered" },
  async run({ user, mailbox, message: uid }, { services: { accounts, clock }, gate }) {
    const { size, stream } = await sourceStream({ accounts, gate, clock }, user, mailbox, uid);
    return new Response(stream, {
      headers: {
        "Content-Type": "message/rfc822",
        "Content-Length": String(size),
        "Content-Disposition": attachmentDisposition(`message-${uid}.eml`),
        ...untrustedContent,
      },
    });
  },
});

export const getAttachment = operation({
  method: "GET",
  path: `${messagePath}/attachments/{attachment}`,
  id: "getMessageAttachment",
  tag,
  summary: "One attachment, decoded",
  access: { may: "read", what: "attachments", whose: "own" },
  params: {
    ...place,
    attachment: text(255)
      .regex(/^ATT\d{5,9}$/i, "must be the id of an attachment")
      .toUpperCase(),
    sendAsString: flag.default(false),
  },
  answer: { type: "application/octet-stream", description: "The decoded bytes, under the attachment's own media type" },
  async run({ user, mailbox, message: uid, attachment, sendAsString }, call) {
    const { services } = call;
    return readHeld(call, { user, mailbox, uid }, async (lease) => {
      const found = await services.accounts.ask(user, { kind: "readAttachment", mailbox, uid, attachment });
      if (!found.ok && found.refusal.kind === "noSuchMessage") {
        throw new HttpFailure(404, "FileNotFound", "This attachment does not exist");
      }
      const { facts, bytes } = granted(found);
      const headers = {
        "Content-Type": sendAsString ? "text/plain; charset=utf-8" : safeMediaType(facts.contentType),
        "Content-Disposition": attachmentDisposition(facts.filename),
        ...untrustedContent,
      };
      return heldAnswer(sendAsString ? utf8Pieces(bytes) : [bytes], headers, { lease, clock: services.clock });
    });
  },
});

/** Reads a message that is there, when there is room for it in memory; the answer holds that room until it is taken. */
async function readHeld(
  { services, gate }: Call,
  { user, mailbox, uid }: { user: AccountId; mailbox: MailboxId; uid: number },
  read: (lease: Lease) => Promise<Response>,
): Promise<Response> {
  const asked = { kind: "readColumns", mailbox, uids: runOf(uid), columns: ["size"] } as const;
  const { sizes } = granted(await services.accounts.ask(user, asked));
  if (sizes.length === 0) throw messageNotFound();
  const lease = await gate.take(sizes[0]!, user);
  try {
    return await read(lease);
  } catch (error) {
    lease.release();
    throw error;
  }
}

/** What a stranger sent must not run as a page of this server, whatever it says it is. */
const untrustedContent = { "Content-Security-Policy": "sandbox; default-src 'none'" };

/** The text in UTF-8: as it is where it is that, else from Latin-1, which any bytes are. */
function utf8Pieces(bytes: Uint8Array): readonly Uint8Array[] {
  if (isUtf8(bytes)) return [bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes];
  return [transcode(bytes, "latin1", "utf8")];
}
