import type { Outcome } from "../../actors/account/requests.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { Services } from "../services.ts";
import { deliveryId } from "./delivery-id.ts";
import type { FinishedMessage } from "./incoming-message.ts";
import type { Recipient } from "./recipient.ts";
import { failed, lmtpRefusals, type Reply } from "./refusals.ts";
import { traceHeaders } from "./wire/trace-headers.ts";

/** One message and where it is to go. */
export type Delivery = {
  readonly session: string;
  readonly remote: string;
  /** Envelope sender; empty for the null sender. */
  readonly sender: string;
  /** As RCPT accepted them, in order; the same one may be there twice. */
  readonly recipients: readonly Recipient[];
  readonly size: number;
  readonly message: FinishedMessage;
};

/**
 * Puts the message into the INBOX of every recipient's account, all at the same time, and answers one reply for each
 * recipient, in order. "250" is only said of what is durable. An account that several recipients lead to gets one copy.
 *
 * @see RFC 2033 §4.2 (one reply for each successful RCPT)
 */
export async function deliver(services: Services, delivery: Delivery): Promise<readonly Reply[]> {
  const { recipients } = delivery;
  const [only] = recipients;
  if (only !== undefined && recipients.length === 1)
    return [await put(services, delivery, only.account, [only.address], true)];
  const addresses = new Map<AccountId, string[]>();
  for (const { account, address } of recipients) {
    const known = addresses.get(account);
    if (known === undefined) addresses.set(account, [address]);
    else if (!known.includes(address)) known.push(address);
  }
  const replies = new Map<AccountId, Promise<Reply>>();
  for (const [account, to] of addresses) {
    replies.set(account, put(services, delivery, account, to, replies.size === addresses.size - 1));
  }
  return Promise.all(recipients.map(({ account }) => replies.get(account)!));
}

async function put(
  services: Services,
  delivery: Delivery,
  account: AccountId,
  to: readonly string[],
  last: boolean,
): Promise<Reply> {
  const { accounts, clock, logger, metrics } = services;
  const { message, sender, session, remote, size } = delivery;
  const begun = clock.monotonic();
  const facts = { session, protocol: "lmtp", remote, user: account, from: sender, to: to[0], size };
  const prefix = traceHeaders(sender, to);
  let outcome: Outcome;
  try {
    outcome =
      (message.kind === "upload" && message.uploads.refusalOf(account)) ||
      (await accounts.ask(account, {
        kind: "change",
        request: deliveryId(sender, account, message.hash),
        command: {
          kind: "append",
          mailbox: inbox,
          flags: [],
          source:
            message.kind === "upload"
              ? { kind: "upload", upload: message.uploads.name, prefix }
              : // A request's buffer may move to the account's thread; only the last one may have ours.
                { kind: "bytes", bytes: last ? message.bytes : message.bytes.slice(), prefix },
        },
      }));
  } catch (error) {
    logger.error({ ...facts, err: error }, "delivery failed");
    metrics.received(size, "deferred");
    return failed;
  }
  const ms = Math.round(clock.monotonic() - begun);
  // What was sent has not been used, and would wait for its time to run out.
  if (message.kind === "upload" && (!outcome.ok || outcome.repeated)) void message.uploads.forget(account);
  if (!outcome.ok) {
    const reply = lmtpRefusals[outcome.refusal.kind];
    metrics.received(size, reply.code < 500 ? "deferred" : "refused");
    logger.warn(
      { ...facts, ms, refusal: outcome.refusal },
      reply.code < 500 ? "delivery deferred" : "delivery refused",
    );
    return reply;
  }
  const stored = outcome.events.find((event) => event.kind === "appended")?.message;
  metrics.received(size, outcome.repeated ? "repeated" : "stored");
  logger.info({ ...facts, ms, message: stored }, outcome.repeated ? "delivered before" : "delivered");
  return { code: 250, text: `2.0.0 Message stored as ${stored ?? "before"}` };
}

const inbox = { path: "INBOX" } as const;
