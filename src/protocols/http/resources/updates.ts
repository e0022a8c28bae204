import { badInput, HttpFailure } from "../failure.ts";
import { accountId, text } from "../input/fields.ts";
import { operation } from "../operation.ts";
import { readEventId } from "../updates/update-events.ts";
import { UpdateStream } from "../updates/update-stream.ts";
import { existingUser } from "./users.ts";

/** Event streams of one user, over all nodes. */
const mostStreams = 50;

export const getUpdates = operation({
  method: "GET",
  path: "/users/{user}/updates",
  id: "getUpdates",
  tag: "Users",
  summary: "The changes of a user's mailboxes, as they become true",
  access: { may: "read", what: "messages", whose: "own" },
  params: { user: accountId, "Last-Event-ID": text(64).optional() },
  answer: { type: "text/event-stream", description: "Events whose data is JSON: EXISTS, EXPUNGE, FETCH, COUNTERS …" },
  async run({ user, "Last-Event-ID": asked }, { services, leaving, request, remote }) {
    const begun = services.clock.monotonic();
    const { username } = await existingUser(services, user);
    const last = request.headers.get("last-event-id") ?? asked ?? null;
    const since = last === null ? null : readEventId(last);
    if (last !== null && since === null) throw badInput("Last-Event-ID", "is not the id of an event");
    let wanted = true;
    let end = (): void => {
      wanted = false;
    };
    const session = await services.sessions.open({
      account: user,
      user: username,
      protocol: "http",
      remote,
      secure: request.url.startsWith("https:"),
      limit: mostStreams,
      asked: begun,
      onEnd: () => end(),
    });
    if (!session.ok) {
      const text = `A user can have ${session.limit} event streams at a time`;
      throw new HttpFailure(429, "TooManyConnections", text, { retryAfter: 60 });
    }
    const parts = { ...services, leaving, ended: () => session.close() };
    const stream = await UpdateStream.open(parts, user, since);
    end = () => stream.end();
    if (!wanted) stream.end();
    return new Response(stream.readable(), {
      // X-Accel-Buffering: nginx would otherwise hold events back until its buffer is full.
      headers: { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" },
    });
  },
});
