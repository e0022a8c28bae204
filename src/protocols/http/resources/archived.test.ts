import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Json, type RealHttp, startRealHttp } from "../real-server.testing.ts";

let http: RealHttp;
beforeAll(async () => {
  http = await startRealHttp();
});
afterAll(() => http.close());

/** A user with messages in INBOX: subjects s1 … sN, the second flagged and with a keyword of its own. */
async function userWith(name: string, count: number) {
  const user = await http.addUser(name);
  const inbox = `/users/${user.id}/mailboxes/${user.mailboxes.INBOX}/messages`;
  for (let n = 1; n <= count; n++) {
    const flags = n === 2 ? "?flagged=1&date=2020-02-02T02:02:02Z" : "";
    await http.post(`${inbox}${flags}`, `Subject: s${n}\r\nX-Number: ${n}\r\n\r\nbody ${n}\r\n`);
  }
  return {
    ...user,
    inbox,
    archived: `/users/${user.id}/archived/messages`,
    restore: `/users/${user.id}/archived/restore`,
  };
}

const subjects = ({ results }: Json): string[] => results.map(({ subject }: Json) => subject);
const always = { start: "2000-01-01T00:00:00Z", end: "2100-01-01T00:00:00Z" };

describe("GET …/archived/messages", () => {
  test("shows what was deleted, the last first, page by page, and nothing that is there", async () => {
    const { inbox, archived, mailboxes } = await userWith("archive-list", 5);
    expect(await http.get(archived)).toMatchObject({ total: 0, results: [], nextCursor: false, previousCursor: false });
    for (const uid of [2, 4, 1]) await http.delete(`${inbox}/${uid}`);
    const all = await http.get(`${archived}?includeHeaders=x-number`);
    expect(subjects(all)).toEqual(["s1", "s4", "s2"]);
    expect(all.results.map(({ id }: Json) => id)).toEqual([3, 2, 1]);
    expect(all.results[2]).toMatchObject({
      mailbox: mailboxes.INBOX,
      path: "INBOX",
      flagged: true,
      idate: "2020-02-02T02:02:02.000Z",
      headers: { "x-number": "2" },
    });
    expect(Math.abs(Date.parse(all.results[0].archived) - Date.now())).toBeLessThan(60_000);
    const first = await http.get(`${archived}?limit=2`);
    expect([subjects(first), first.total, first.previousCursor]).toEqual([["s1", "s4"], 3, false]);
    const second = await http.get(`${archived}?limit=2&next=${first.nextCursor}`);
    expect([subjects(second), second.page, second.nextCursor]).toEqual([["s2"], 2, false]);
    const back = await http.get(`${archived}?limit=2&previous=${second.previousCursor}`);
    expect(subjects(back)).toEqual(["s1", "s4"]);
    expect(subjects(await http.get(`${archived}?order=asc`))).toEqual(["s2", "s4", "s1"]);
    expect(subjects(await http.get(`${archived}?start=2100-01-01T00:00:00Z`))).toEqual([]);
  });

  test("does not show copies of messages that are still somewhere", async () => {
    const { id, inbox, archived } = await userWith("archive-copies", 2);
    const elsewhere = await http.post(`/users/${id}/mailboxes`, { path: "Elsewhere" });
    await http.put(inbox, { message: "1", moveTo: elsewhere.id });
    expect((await http.get(archived)).total).toBe(0);
    await http.delete(`/users/${id}/mailboxes/${elsewhere.id}/messages/1`);
    expect(subjects(await http.get(archived))).toEqual(["s1"]);
  });
});

describe("POST …/archived/messages/:message/restore", () => {
  test("brings one message back, once, with flags and date, under a new UID and with the same bytes", async () => {
    const { inbox, archived, mailboxes } = await userWith("archive-one", 3);
    await http.delete(`${inbox}/2`);
    const restored = await http.post(`${archived}/1/restore`, {});
    expect(restored).toMatchObject({ mailbox: mailboxes.INBOX, id: 4 });
    const message = await http.get(`${inbox}/4`);
    expect(message).toMatchObject({ subject: "s2", flagged: true, idate: "2020-02-02T02:02:02.000Z" });
    const source = await (await http.request("GET", `${inbox}/4/message.eml`)).text();
    expect(source).toBe("Subject: s2\r\nX-Number: 2\r\n\r\nbody 2\r\n");
    expect(await http.refused(404, "POST", `${archived}/1/restore`, {})).toBe("MessageNotFound");
    expect(await http.refused(404, "POST", `${archived}/77/restore`, {})).toBe("MessageNotFound");
    expect(await http.refused(400, "POST", `${archived}/x/restore`, {})).toBe("InputValidationError");
  });

  test("brings it to another mailbox where one is named", async () => {
    const { id, inbox, archived } = await userWith("archive-other", 1);
    const other = await http.post(`/users/${id}/mailboxes`, { path: "Other" });
    await http.delete(`${inbox}/1`);
    expect(await http.post(`${archived}/1/restore`, { mailbox: other.id })).toMatchObject({ mailbox: other.id, id: 1 });
    const none = { mailbox: "f".repeat(24) };
    expect(await http.refused(404, "POST", `${archived}/1/restore`, none)).toBe("NoSuchMailbox");
  });

  test("over quota it is refused, and nothing has changed", async () => {
    const { id, inbox, archived, restore } = await userWith("archive-quota", 2);
    await http.delete(`${inbox}/1`);
    await http.put(`/users/${id}`, { quota: 50 });
    expect(await http.refused(403, "POST", `${archived}/1/restore`, {})).toBe("OverQuotaError");
    expect(await http.refused(403, "POST", restore, always)).toBe("OverQuotaError");
    expect((await http.get(archived)).total).toBe(1);
    expect((await http.get(inbox)).total).toBe(1);
  });
});

describe("POST …/archived/restore", () => {
  test("brings back deleted mailboxes with what was in them, parents first, once", async () => {
    const { id, inbox, restore } = await userWith("archive-folders", 3);
    const boxes: string[] = [];
    for (const path of ["Work", "Work/2024", "Empty"]) {
      boxes.push((await http.post(`/users/${id}/mailboxes`, { path })).id);
    }
    await http.put(inbox, { message: "1", moveTo: boxes[1] });
    await http.put(inbox, { message: "2", moveTo: boxes[0] });
    for (const box of boxes.toReversed()) await http.delete(`/users/${id}/mailboxes/${box}`);
    await http.delete(`${inbox}/3`);
    const lost = await http.get(`/users/${id}/archived/mailboxes`);
    expect(lost.results.map(({ path, total, deleted }: Json) => [path, total, deleted !== false])).toEqual([
      ["Empty", 0, true],
      ["INBOX", 1, false],
      ["Work", 1, true],
      ["Work/2024", 1, true],
    ]);
    const early = { start: "2000-01-01T00:00:00Z", end: "2001-01-01T00:00:00Z" };
    expect(await http.post(restore, early)).toMatchObject({ restored: 0, mailboxes: [] });
    const restored = await http.post(restore, always);
    expect(restored.restored).toBe(3);
    expect(restored.mailboxes).toHaveLength(3);
    const { results } = await http.get(`/users/${id}/mailboxes?counters=true`);
    const counts = results.map(({ path, total }: Json) => [path, total]);
    for (const expected of [
      ["INBOX", 1],
      ["Work", 1],
      ["Work/2024", 1],
      ["Empty", 0],
    ])
      expect(counts).toContainEqual(expected);
    expect(await http.post(restore, always)).toMatchObject({ restored: 0, mailboxes: [] });
    expect((await http.get(`/users/${id}/archived/mailboxes`)).results).toEqual([]);
  });

  test("only what was in one mailbox, to a place of its own", async () => {
    const { id, inbox, restore, mailboxes } = await userWith("archive-into", 2);
    await http.delete(`${inbox}/1`);
    await http.delete(`${inbox}/2`);
    const elsewhere = { ...always, mailbox: mailboxes.Trash ?? "f".repeat(24) };
    expect(await http.post(restore, elsewhere)).toMatchObject({ restored: 0 });
    const wish = { ...always, mailbox: mailboxes.INBOX, into: "Restored/today" };
    expect(await http.post(restore, wish)).toMatchObject({ restored: 2 });
    const made = await http.get(`/users/${id}/mailboxes/resolve?path=Restored/today`);
    expect(made.total).toBe(2);
    expect(await http.refused(400, "POST", restore, { ...always, into: "a//b" })).toBe("InputValidationError");
    expect(await http.refused(400, "POST", restore, { start: "yesterday", end: "today" })).toBe("InputValidationError");
  });

  test("nobody reaches another user's", async () => {
    const mine = await userWith("archive-mine", 1);
    const yours = await userWith("archive-yours", 1);
    await http.delete(`${yours.inbox}/1`);
    expect((await http.get(mine.archived)).total).toBe(0);
    expect(await http.refused(404, "POST", `${mine.archived}/1/restore`, {})).toBe("MessageNotFound");
  });
});

test("answers are what the contract says", () => {
  for (const operation of [
    "GET /users/{user}/archived/messages",
    "POST /users/{user}/archived/restore",
    "POST /users/{user}/archived/messages/{message}/restore",
  ]) {
    expect([...http.checked]).toContain(operation);
  }
});
