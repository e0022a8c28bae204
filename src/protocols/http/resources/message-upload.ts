import { z } from "zod";
import type { ChangeCommand, MessageSource } from "../../../actors/account/requests.ts";
import type { Composed, Reference } from "../../../actors/workers/compose-message.ts";
import { isKeyword } from "../../../domain/account/flags.ts";
import { runOf } from "../../../domain/account/uid-runs.ts";
import type { AccountId, MailboxId, RequestId } from "../../../domain/ids.ts";
import { badInput, HttpFailure, messageNotFound } from "../failure.ts";
import { timelyPieces } from "../input/body.ts";
import { accountId, flag, mailboxId, moment, texts, uid } from "../input/fields.ts";
import { contentKind, notJson } from "../input/params.ts";
import { type Composition, composition, largeTexts } from "../message/composition.ts";
import { requestNamedBy, takeMessage } from "../message/intake.ts";
import { type Call, operation } from "../operation.ts";
import { granted } from "../refusals.ts";
import { change } from "./mailboxes.ts";

export const uploadMessage = operation({
  method: "POST",
  path: "/users/{user}/mailboxes/{mailbox}/messages",
  id: "uploadMessage",
  tag: "Messages",
  summary: "Store a message: its bytes as the body, or its parts as JSON",
  access: { may: "create", what: "messages", whose: "own" },
  body: "raw",
  largeTexts,
  params: {
    user: accountId,
    mailbox: mailboxId,
    date: moment.optional(),
    unseen: flag.default(false),
    flagged: flag.default(false),
    draft: flag.default(false),
    // Beyond WildDuck's: mail that is brought in from elsewhere keeps all of its flags.
    answered: flag.default(false),
    deleted: flag.default(false),
    forwarded: flag.default(false),
    keywords: texts(z.string("must be a string").refine(isKeyword, "must be an IMAP keyword"), 100).default([]),
    raw: z.string().optional(),
    ...composition,
    reference: z
      .object({
        mailbox: mailboxId,
        id: uid,
        action: z.enum(["reply", "replyAll", "forward"]),
        attachments: z.unknown().optional(),
      })
      .optional(),
    replacePrevious: z.object({ mailbox: mailboxId.optional(), id: uid }).optional(),
  },
  answer: z.object({
    message: z.object({ id: z.number(), mailbox: z.string(), size: z.number() }),
    previousDeleted: z.boolean().optional(),
  }),
  async run(params, call) {
    const { services, request } = call;
    const { user, mailbox, date, replacePrevious } = params;
    const pieces = await piecesOf(params, call);
    const flags = [
      ...(params.unseen ? [] : ["\\Seen"]),
      ...(params.flagged ? ["\\Flagged"] : []),
      ...(params.draft ? ["\\Draft"] : []),
      ...(params.answered ? ["\\Answered"] : []),
      ...(params.deleted ? ["\\Deleted"] : []),
      ...(params.forwarded ? ["$Forwarded"] : []),
      ...params.keywords,
    ];
    const previous = replacePrevious && { mailbox: replacePrevious.mailbox ?? mailbox, id: replacePrevious.id };
    const key = request.headers.get("idempotency-key");
    const wish = key ? requestNamedBy(key, user, mailbox) : (services.randomHex(12) as RequestId);

    return takeMessage(services.accounts, user, services.randomHex(12), pieces, async (source) => {
      const append = (source: MessageSource): ChangeCommand => ({
        kind: "append",
        mailbox: { id: mailbox },
        flags,
        ...(date ? { internalDate: date.getTime() } : {}),
        source,
      });
      const replaced = previous !== undefined && (await isThere(call, user, previous.mailbox, previous.id));
      const commands: ChangeCommand[] = [append(source)];
      if (replaced) {
        commands.push({ kind: "expunge", mailbox: { id: previous.mailbox }, uids: runOf(previous.id), which: "any" });
      }
      const { events } = await change(services, user, { kind: "batch", commands }, wish);
      const appended = events.find((event) => event.kind === "appended");
      if (!appended) throw new Error("Cannot tell the id of the new message: its event is missing");
      return {
        message: { id: appended.uid, mailbox: appended.mailbox as string, size: appended.size },
        ...(previous === undefined ? {} : { previousDeleted: events.some((event) => event.kind === "expunged") }),
      };
    });
  },
});

type Upload = Composition & {
  readonly user: AccountId;
  readonly raw?: string;
  readonly reference?: { mailbox: MailboxId; id: number; action: Reference["action"]; attachments?: unknown };
};

/** The bytes to store: the body's, the text in `raw`, or what is composed from the parts. */
async function piecesOf(params: Upload, call: Call): Promise<AsyncIterable<Uint8Array>> {
  const { request, services, options, texts } = call;
  const type = request.headers.get("content-type");
  if (type !== null && /^\s*multipart\//i.test(type)) {
    throw new HttpFailure(415, "UnsupportedMediaType", "Send the message as message/rfc822 or as JSON");
  }
  if (type === null || contentKind(request) !== "json") {
    return timelyPieces(request, options.messageSize, services.clock);
  }
  if (params.raw !== undefined) {
    return limited(await services.composer.messageOfText(params.raw, texts), options.messageSize);
  }
  if (params.files?.length) throw badInput("files", "cannot be used: this version keeps no files");
  if (params.metaData && Object.keys(params.metaData).length > 0)
    throw badInput("metaData", "is not kept for messages");
  if (
    Array.isArray(params.reference?.attachments)
      ? params.reference.attachments.length > 0
      : params.reference?.attachments
  ) {
    throw badInput("reference.attachments", "cannot be used: send the attachments with the message");
  }
  const { from, replyTo, to, cc, bcc, headers, subject, text, html, attachments } = params;
  const draft = {
    ...{ from, replyTo, to, cc, bcc, headers, subject, text, html, attachments },
    messageId: `<${services.randomHex(16)}@${services.hostname}>`,
    date: new Date(services.clock.now()),
    reference: await referenceOf(params, call),
  };
  const composed = await services.composer.compose(draft, texts);
  if (composed !== null && "why" in composed) {
    throw badInput(`attachments.${composed.attachment}.content`, composed.why);
  }
  return limited(composed, options.messageSize);
}

async function* limited(bytes: Composed, limit: number): AsyncGenerator<Uint8Array> {
  if (bytes === null) throw notJson();
  if (bytes.length > limit) throw new HttpFailure(413, "MessageTooBig", "The message is larger than this server takes");
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
}
const pieceSize = 256 * 1024;

async function referenceOf({ user, reference }: Upload, { services }: Call): Promise<Reference | null> {
  if (!reference) return null;
  const { mailbox, id, action } = reference;
  const asked = { kind: "readSummaries", mailbox, uids: runOf(id) } as const;
  const [message] = granted(await services.accounts.ask(user, asked)).messages;
  if (!message) throw messageNotFound();
  return { action, messageId: message.messageId, references: message.references, subject: message.subject };
}

async function isThere({ services }: Call, account: AccountId, mailbox: MailboxId, id: number): Promise<boolean> {
  const asked = { kind: "readColumns", mailbox, uids: runOf(id), columns: [] } as const;
  return granted(await services.accounts.ask(account, asked)).uids.length > 0;
}
