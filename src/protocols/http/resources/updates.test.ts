import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Json, type RealHttp, startRealHttp } from "../real-server.testing.ts";

let http: RealHttp;
beforeAll(async () => {
  http = await startRealHttp();
});
afterAll(() => http.close());

/** Reads an event stream until it has said so many events. */
async function listen(user: string, headers: Record<string, string> = {}) {
  const response = await http.request("GET", `/users/${user}/updates`, undefined, headers);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const reader = response.body!.getReader();
  let text = "";
  return {
    async events(count: number): Promise<{ id: string; data: Json }[]> {
      const complete = () =>
        text
          .split("\n\n")
          .slice(0, -1)
          .filter((event) => event.startsWith("id: "));
      while (complete().length < count) text += Buffer.from((await reader.read()).value!).toString();
      const read = complete().map((event) => {
        const [id, data] = event.split("\n");
        return { id: id!.slice(4), data: JSON.parse(data!.slice(6)) };
      });
      text = "";
      return read;
    },
    close: () => reader.cancel(),
  };
}

describe("GET /users/:user/updates", () => {
  test("is a session: listed, ended by an administrator and at logout, and limited in number", async () => {
    const { id } = await http.addUser("streams");
    const sessions = async (): Promise<{ id: string; protocol: string }[]> =>
      (await http.get(`/sessions?user=${id}`)).results;
    const streams = await Promise.all(Array.from({ length: 50 }, () => listen(id)));
    expect((await sessions()).map(({ protocol }) => protocol)).toEqual(Array(50).fill("http"));
    const refused = await http.request("GET", `/users/${id}/updates`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    await refused.body?.cancel();
    const [first] = await sessions();
    await http.delete(`/sessions/${first!.id}`);
    expect((await sessions()).length).toBe(49);
    const another = await listen(id);
    await streams[49]!.close();
    await http.put(`/users/${id}/logout`, {});
    expect(await sessions()).toEqual([]);
    for (const stream of [another, ...streams.slice(0, 49)]) await stream.close();
  });

  test("tells of messages, flags and mailboxes as they change", async () => {
    const { id, mailboxes } = await http.addUser("watch");
    const inbox = mailboxes.INBOX!;
    const path = `/users/${id}/mailboxes/${inbox}/messages`;
    const stream = await listen(id);
    await http.post(`${path}?unseen=1`, "Subject: a\r\n\r\nb");
    expect((await stream.events(2)).map(({ data }) => data)).toEqual([
      { command: "EXISTS", mailbox: inbox, uid: 1, modseq: expect.any(Number) },
      { command: "COUNTERS", mailbox: inbox, total: 1, unseen: 1 },
    ]);
    await http.put(`${path}/1`, { seen: true });
    expect((await stream.events(2)).map(({ data }) => data)).toEqual([
      { command: "FETCH", mailbox: inbox, uid: 1, modseq: expect.any(Number), flags: ["\\Seen"] },
      { command: "COUNTERS", mailbox: inbox, total: 1, unseen: 0 },
    ]);
    const { id: made } = await http.post(`/users/${id}/mailboxes`, { path: "New" });
    expect((await stream.events(2))[0]!.data).toEqual({ command: "CREATE", mailbox: made, path: "New" });
    await http.put(`${path}/1`, { moveTo: made });
    expect((await stream.events(4)).map(({ data }) => [data.command, data.mailbox])).toEqual([
      ["EXPUNGE", inbox],
      ["EXISTS", made],
      ["COUNTERS", inbox],
      ["COUNTERS", made],
    ]);
    await http.delete(`/users/${id}/mailboxes/${made}`);
    expect((await stream.events(1))[0]!.data).toEqual({ command: "DELETE", mailbox: made });
    await stream.close();
  });

  test("goes on after the last event that was seen", async () => {
    const { id, mailboxes } = await http.addUser("return");
    const path = `/users/${id}/mailboxes/${mailboxes.INBOX}/messages`;
    const first = await listen(id);
    await http.post(path, "Subject: a\r\n\r\nb");
    const seen = (await first.events(2)).at(-1)!.id;
    await first.close();
    await http.post(path, "Subject: b\r\n\r\nb");
    await http.post(path, "Subject: c\r\n\r\nb");
    await http.delete(`${path}/1`);
    const second = await listen(id, { "last-event-id": seen });
    expect((await second.events(4)).map(({ data }) => [data.command, data.uid ?? data.total])).toEqual([
      ["EXISTS", 2],
      ["EXISTS", 3],
      ["EXPUNGE", 1],
      ["COUNTERS", 2],
    ]);
    await http.post(path, "Subject: d\r\n\r\nb");
    expect((await second.events(2))[0]!.data).toMatchObject({ command: "EXISTS", uid: 4 });
    await second.close();
  });

  test("tells of many at once by their counters", async () => {
    const { id, mailboxes } = await http.addUser("many");
    const path = `/users/${id}/mailboxes/${mailboxes.INBOX}/messages`;
    const { INBOX: _, ...others } = mailboxes;
    const target = Object.values(others)[0]!;
    await http.post(path, "Subject: a\r\n\r\nb");
    const stream = await listen(id);
    for (let copies = 1; copies < 1024; copies *= 2) {
      const request = http.services.randomHex(12) as never;
      const copy = { kind: "copy", mailbox: { path: "INBOX" }, uids: [1, copies], to: { path: "INBOX" } } as const;
      await http.services.accounts.ask(id as never, { kind: "change", request, command: copy });
    }
    await http.put(path, { message: "1:*", seen: false });
    await http.put(path, { message: "1:*", moveTo: target });
    const told: Json[] = [];
    while (!told.some(({ total }) => total === 1024 && told.at(-1).mailbox === target)) {
      told.push(...(await stream.events(1)).map(({ data }) => data));
    }
    expect(told.some(({ command }) => command === "EXPUNGE")).toBe(false);
    await stream.close();
  });

  test("refuses strangers and nonsense", async () => {
    const { id } = await http.addUser("stranger");
    expect(await http.refused(404, "GET", "/users/ffffffffffffffffffffffff/updates")).toBe("UserNotFound");
    expect(await http.refused(400, "GET", `/users/${id}/updates?Last-Event-ID=x`)).toBe("InputValidationError");
  });

  test("ends when the node leaves", async () => {
    const own = await startRealHttp();
    const { id } = await own.addUser("leave");
    const response = await own.request("GET", `/users/${id}/updates`);
    const reading = response.text();
    await own.listening.drain(10_000);
    expect(await reading).toBe(": listening\n\n");
    await own.close();
  });
});
