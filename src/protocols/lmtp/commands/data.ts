import { command } from "../command.ts";
import { deliver } from "../deliver.ts";
import { IncomingMessage } from "../incoming-message.ts";
import type { LmtpConnection } from "../lmtp-connection.ts";
import type { LmtpStream } from "../lmtp-stream.ts";
import type { Recipient } from "../recipient.ts";
import { failed, type Reply, tooBig } from "../refusals.ts";

/** DATA: takes the message, then says for each recipient what became of it; 503 where there is none. */
export const data = command({
  name: "DATA",
  rfc: ["2033 §4.2", "5321 §4.1.1.4", "1870 §6.3"],
  run: takeMessage,
});

function takeMessage(connection: LmtpConnection, done: () => void): void {
  const { recipients } = connection.session;
  const stream = connection._parser as LmtpStream | false;
  if (recipients.length === 0 || !stream) {
    connection.send(503, "5.5.1 No valid recipients");
    done();
    return;
  }
  const { services, limits } = connection._server;
  const message = new IncomingMessage(
    services.accounts,
    () => distinctAccounts(recipients),
    limits.messageSize,
    () => services.randomHex(12),
  );
  connection.receiving(message);
  stream.readMessage(message, (resume) => {
    void answer(connection, message).then(resume);
  });
  connection.send(354, "End data with <CR><LF>.<CR><LF>");
  done();
}

async function answer(connection: LmtpConnection, message: IncomingMessage): Promise<void> {
  const { services } = connection._server;
  const begun = services.clock.monotonic();
  const { recipients, place } = connection.session;
  const { admission } = connection._server;
  // From here on it is held until the answer, whether or not the client waits for that.
  connection.session.place = null;
  if (place !== null) admission.arrived(place);
  let replies: readonly Reply[];
  try {
    replies = await settle(connection, message);
  } catch (error) {
    services.logger.error({ session: connection.id, protocol: "lmtp", err: error }, "delivery failed");
    replies = recipients.map(() => failed);
  }
  if (place !== null) admission.leave(place);
  const seconds = (services.clock.monotonic() - begun) / 1000;
  const worst = replies.reduce((most, reply) => Math.max(most, reply.code), 0);
  services.metrics.command("lmtp", "DATA", worst < 400 ? "ok" : worst < 500 ? "error" : "no", seconds);
  connection.receiving(null);
  const many = replies.length > 1;
  if (many) connection._socket.cork();
  for (const reply of replies) connection.send(reply.code, reply.text);
  if (many) connection._socket.uncork();
  connection._transactionCounter++;
  connection._unrecognizedCommands = 0;
  connection._resetSession();
  connection._server.leaveIfDraining(connection);
}

async function settle(connection: LmtpConnection, message: IncomingMessage): Promise<readonly Reply[]> {
  const { recipients } = connection.session;
  const { services } = connection._server;
  if (message.tooBig) {
    await message.abort();
    for (const _ of recipients) services.metrics.received(message.size, "refused");
    services.logger.warn(
      { session: connection.id, protocol: "lmtp", remote: connection.remoteAddress, size: message.size },
      "message too big",
    );
    return recipients.map(() => tooBig);
  }
  const sender = connection.session.envelope.mailFrom;
  return deliver(services, {
    session: connection.id,
    remote: connection.remoteAddress,
    sender: sender === false ? "" : sender.address,
    recipients,
    size: message.size,
    message: await message.finish(),
  });
}

function distinctAccounts(recipients: readonly Recipient[]): Recipient["account"][] {
  return [...new Set(recipients.map((recipient) => recipient.account))];
}
