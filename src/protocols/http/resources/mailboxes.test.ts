import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Json, type RealHttp, startRealHttp } from "../real-server.testing.ts";

let http: RealHttp;
beforeAll(async () => {
  http = await startRealHttp();
});
afterAll(() => http.close());

const paths = ({ results }: Json): string[] => results.map(({ path }: Json) => path);

describe("GET …/mailboxes", () => {
  test("begins with INBOX and the special ones, and counts only where asked", async () => {
    const { id, mailboxes } = await http.addUser("list");
    await http.post(`/users/${id}/mailboxes`, { path: "Alpha" });
    await http.post(`/users/${id}/mailboxes/${mailboxes.INBOX}/messages?unseen=1`, "Subject: a\r\n\r\nb");
    const plain = await http.get(`/users/${id}/mailboxes`);
    expect(paths(plain)[0]).toBe("INBOX");
    expect(paths(plain).at(-1)).toBe("Alpha");
    expect(plain.results[0].total).toBeUndefined();
    const counted = await http.get(`/users/${id}/mailboxes?counters=true&sizes=true`);
    expect(counted.results[0]).toMatchObject({ total: 1, unseen: 1, size: 15, specialUse: null, subscribed: true });
    const special = await http.get(`/users/${id}/mailboxes?specialUse=yes`);
    expect(special.results.every((mailbox: Json) => mailbox.specialUse !== null)).toBe(true);
  });
});

describe("POST …/mailboxes", () => {
  test("makes a mailbox with its parents, subscribed to", async () => {
    const { id } = await http.addUser("make");
    const made = await http.post(`/users/${id}/mailboxes`, { path: "Work/2024/J\u00e4nner" });
    const found = await http.get(`/users/${id}/mailboxes/${made.id}`);
    expect(found).toMatchObject({
      path: "Work/2024/J\u00e4nner",
      name: "J\u00e4nner",
      subscribed: true,
      total: 0,
      unseen: 0,
    });
    const { results } = await http.get(`/users/${id}/mailboxes`);
    const parents = results.filter(({ path }: Json) => path === "Work" || path === "Work/2024");
    expect(parents.map(({ subscribed }: Json) => subscribed)).toEqual([true, true]);
  });

  test("refuses what is there, what is no name and what would be forgotten", async () => {
    const { id } = await http.addUser("refuse");
    const path = `/users/${id}/mailboxes`;
    expect(await http.refused(400, "POST", path, { path: "inbox" })).toBe("MailboxExistsError");
    for (const body of [{}, { path: "" }, { path: "a//b" }, { path: "x", hidden: true }, { path: "x", retention: 5 }]) {
      expect(await http.refused(400, "POST", path, body)).toBe("InputValidationError");
    }
    expect(paths(await http.get(path))).not.toContain("x");
  });
});

describe("GET …/mailboxes/:mailbox", () => {
  test("finds by id and by path", async () => {
    const { id, mailboxes } = await http.addUser("find");
    const byPath = await http.get(`/users/${id}/mailboxes/resolve?path=inbox`);
    expect(byPath).toEqual(await http.get(`/users/${id}/mailboxes/${mailboxes.INBOX!.toUpperCase()}`));
    expect(await http.refused(404, "GET", `/users/${id}/mailboxes/resolve?path=Nothing`)).toBe("NoSuchMailbox");
    expect(await http.refused(404, "GET", `/users/${id}/mailboxes/ffffffffffffffffffffffff`)).toBe("NoSuchMailbox");
    expect(await http.refused(400, "GET", `/users/${id}/mailboxes/resolve`)).toBe("InputValidationError");
    expect(await http.refused(400, "GET", `/users/${id}/mailboxes/..%2f..%2fetc`)).toBe("InputValidationError");
    expect(await http.refused(404, "GET", "/users/ffffffffffffffffffffffff/mailboxes")).toBe("UserNotFound");
  });

  test("every spelling of a path means the same mailbox", async () => {
    const { id } = await http.addUser("spell");
    const path = `/users/${id}/mailboxes`;
    const made = await http.post(path, { path: "/inbox/Gru\u0308n/" });
    for (const spelling of ["INBOX/Gr\u00fcn", "Inbox/Gru\u0308n", "/iNbOx/Gr\u00fcn", "INBOX/Gr\u00fcn/"]) {
      const found = await http.get(`${path}/resolve?path=${encodeURIComponent(spelling)}`);
      expect(found).toMatchObject({ id: made.id, path: "INBOX/Gr\u00fcn" });
      expect(await http.refused(400, "POST", path, { path: spelling })).toBe("MailboxExistsError");
      // The name that it has: nothing to be renamed.
      await http.put(`${path}/${made.id}`, { path: spelling, subscribed: true });
    }
    expect(await http.refused(404, "GET", `${path}/resolve?path=a%2F%2Fb`)).toBe("NoSuchMailbox");
    await http.post(path, { path: "\u0131nbox" });
    expect(paths(await http.get(path))).toContain("\u0131nbox");
  });

  test("does not show one user's mailbox under another's name", async () => {
    const mine = await http.addUser("mine");
    const yours = await http.addUser("yours");
    const path = `/users/${mine.id}/mailboxes/${yours.mailboxes.INBOX}`;
    expect(await http.refused(404, "GET", path)).toBe("NoSuchMailbox");
    expect(await http.refused(404, "DELETE", `${path}/messages`)).toBe("NoSuchMailbox");
    expect(await http.refused(404, "POST", `${path}/messages`, "Subject: a\r\n\r\nb")).toBe("NoSuchMailbox");
  });
});

describe("PUT …/mailboxes/:mailbox", () => {
  test("renames with children, and keeps ids", async () => {
    const { id } = await http.addUser("rename");
    const parent = await http.post(`/users/${id}/mailboxes`, { path: "Old" });
    const child = await http.post(`/users/${id}/mailboxes`, { path: "Old/Child" });
    await http.put(`/users/${id}/mailboxes/${parent.id}`, { path: "Above/New" });
    expect((await http.get(`/users/${id}/mailboxes/${child.id}`)).path).toBe("Above/New/Child");
    const above = await http.get(`/users/${id}/mailboxes/resolve?path=Above`);
    expect(above.subscribed).toBe(true);
    await http.put(`/users/${id}/mailboxes/${child.id}`, { subscribed: "false" });
    expect((await http.get(`/users/${id}/mailboxes/${child.id}`)).subscribed).toBe(false);
  });

  test("refuses to rename INBOX or onto another, and changes nothing then", async () => {
    const { id, mailboxes } = await http.addUser("stay");
    const { id: other } = await http.post(`/users/${id}/mailboxes`, { path: "Other" });
    const inbox = `/users/${id}/mailboxes/${mailboxes.INBOX}`;
    expect(await http.refused(400, "PUT", inbox, { path: "Elsewhere" })).toBe("DisallowedMailboxMethod");
    const onto = { path: "INBOX", subscribed: false };
    expect(await http.refused(400, "PUT", `/users/${id}/mailboxes/${other}`, onto)).toBe("MailboxExistsError");
    expect(await http.get(`/users/${id}/mailboxes/${other}`)).toMatchObject({ path: "Other", subscribed: true });
  });
});

describe("DELETE …/mailboxes/:mailbox", () => {
  test("takes the mailbox and its messages, not INBOX and not the special ones", async () => {
    const { id, mailboxes } = await http.addUser("drop");
    const made = await http.post(`/users/${id}/mailboxes`, { path: "Temporary" });
    await http.post(`/users/${id}/mailboxes/${made.id}/messages`, "Subject: a\r\n\r\nb");
    await http.delete(`/users/${id}/mailboxes/${made.id}`);
    expect(await http.refused(404, "GET", `/users/${id}/mailboxes/${made.id}`)).toBe("NoSuchMailbox");
    expect((await http.get(`/users/${id}`)).limits.quota.used).toBe(0);
    for (const mailbox of Object.values(mailboxes)) {
      expect(await http.refused(400, "DELETE", `/users/${id}/mailboxes/${mailbox}`)).toBe("DisallowedMailboxMethod");
    }
  });
});
