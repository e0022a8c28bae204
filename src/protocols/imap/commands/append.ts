import { command, withAccount } from "../command.ts";
import { appendRequest } from "../wire/rules.ts";

/** APPEND: puts a message into a mailbox. Its octets have gone past `Arrival` by the time this runs. */
export const append = command({
  name: "APPEND",
  rfc: ["3501 §6.3.11", "4315 §3", "7888", "7889", "6855 §4"],
  states: withAccount,
  args: { request: appendRequest },
  async run({ args: { request } }, session) {
    const { arrival } = session;
    if (arrival === null || arrival.target === null) return { status: "BAD", text: "APPEND: expected a message" };
    const source = await arrival.source();
    if (source === null) return { status: "NO", code: "CANNOT", text: "A message with NUL has to come as literal8" };
    const object = "target" as const;
    if (source.kind !== "bytes" && source.kind !== "upload") return { status: "NO", refusal: source, object };
    const { id, uidValidity } = arrival.target;
    const { flags, internalDate } = request;
    const outcome = await session.change({
      kind: "append",
      mailbox: { path: request.mailbox },
      flags,
      ...(internalDate !== undefined && { internalDate }),
      source,
    });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal, object };
    arrival.delivered();
    const placed = outcome.events.find((event) => event.kind === "appended");
    return {
      status: "OK",
      // Where the mailbox was replaced by another while the message came, its UIDVALIDITY is not the one found before.
      ...(placed?.mailbox === id && { code: `APPENDUID ${uidValidity} ${placed.uid}` }),
      text: "APPEND completed",
    };
  },
});
