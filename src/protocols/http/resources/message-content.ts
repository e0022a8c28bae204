import { runOf } from "../../../domain/account/uid-runs.ts";
import { attachmentDisposition, safeMediaType } from "../content-disposition.ts";
import { HttpFailure } from "../failure.ts";
import { accountId, flag, mailboxId, text, uid } from "../input/fields.ts";
import { detailsOf, messageDetails } from "../message/message-view.ts";
import { sourceStream } from "../message/source-stream.ts";
import { operation } from "../operation.ts";
import { granted } from "../refusals.ts";
import { change } from "./mailboxes.ts";
import { existingMessages } from "./messages.ts";

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
  async run({ user, mailbox, message: uid, replaceCidLinks, markAsSeen }, { services }) {
    await existingMessages(services, user, mailbox, runOf(uid));
    if (markAsSeen) {
      const seen = { kind: "changeFlags", mailbox: { id: mailbox }, uids: runOf(uid), change: "add" } as const;
      await change(services, user, { ...seen, flags: ["\\Seen"] });
    }
    const message = granted(await services.accounts.ask(user, { kind: "readMessage", mailbox, uid }));
    const base = `/users/${user}/mailboxes/${mailbox}/messages/${uid}/attachments`;
    const linkTo = (id: string) => (replaceCidLinks ? `${base}/${id}` : `attachment:${id}`);
    return detailsOf(message, { user, mailbox }, linkTo);
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
  async run({ user, mailbox, message: uid }, { services }) {
    const { size, stream } = await sourceStream(services.accounts, user, mailbox, uid);
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
  async run({ user, mailbox, message: uid, attachment, sendAsString }, { services }) {
    await existingMessages(services, user, mailbox, runOf(uid));
    const message = granted(await services.accounts.ask(user, { kind: "readMessage", mailbox, uid }));
    if (!message.attachments.some(({ id }) => id === attachment)) {
      throw new HttpFailure(404, "FileNotFound", "This attachment does not exist");
    }
    const found = granted(await services.accounts.ask(user, { kind: "readAttachment", mailbox, uid, attachment }));
    const { contentType, filename } = found.facts;
    const bytes = sendAsString ? Buffer.from(decodedText(found.bytes), "utf8") : found.bytes;
    return new Response(bytes, {
      headers: {
        "Content-Type": sendAsString ? "text/plain; charset=utf-8" : safeMediaType(contentType),
        "Content-Length": String(bytes.length),
        "Content-Disposition": attachmentDisposition(filename),
        ...untrustedContent,
      },
    });
  },
});

/** What a stranger sent must not run as a page of this server, whatever it says it is. */
const untrustedContent = { "Content-Security-Policy": "sandbox; default-src 'none'" };

/** UTF-8 where it is that, else Latin-1, which any bytes are. */
function decodedText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}
