import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AccountId, RequestId } from "../../../domain/ids.ts";
import { operations } from "../operations.ts";
import { type Json, type RealHttp, startRealHttp } from "../real-server.testing.ts";

let http: RealHttp;
beforeAll(async () => {
  http = await startRealHttp();
});
afterAll(() => http.close());

const ofAccounts = operations.filter(({ path }) => path.includes("{user}"));
const some: Readonly<Record<string, string>> = { mailbox: "a".repeat(24), message: "1", attachment: "ATT00001" };

/** Each operation on this account, with nothing in its body; what it answered. */
async function answersAbout(account: string): Promise<string[]> {
  const answers: string[] = [];
  for (const { method, path } of ofAccounts) {
    const url = path.replace("{user}", account).replace(/\{(\w+)\}/g, (_, name: string) => some[name] ?? "1");
    const response = await http.request(method, url, method === "GET" ? undefined : {});
    answers.push(`${method} ${path}: ${response.status} ${((await response.json()) as Json).code}`);
  }
  return answers;
}

const notFound = ofAccounts.map(({ method, path }) => `${method} ${path}: 404 UserNotFound`);

describe("an account without a user is reached by no operation", () => {
  test("one that never was", async () => {
    expect(ofAccounts.length).toBeGreaterThan(20);
    const account = "b".repeat(24);
    expect(await answersAbout(account)).toEqual(notFound);
    expect(await answersAbout(account.toUpperCase())).toEqual(notFound);
    expect(await http.refused(404, "POST", `/users/${account}/mailboxes`, { path: "Made/up" })).toBe("UserNotFound");
    expect(await http.services.accounts.ask(account as AccountId, { kind: "mailboxes" })).toMatchObject({ ok: false });
  });

  test("one that a crash left when its user was being made", async () => {
    const account = "c".repeat(24) as AccountId;
    const command = { kind: "openAccount", quota: 0, mailboxes: [{ path: "INBOX", specialUse: null }] } as const;
    const request = `open:${account}` as RequestId;
    expect(await http.services.accounts.ask(account, { kind: "change", request, command })).toMatchObject({ ok: true });
    expect(await answersAbout(account)).toEqual(notFound);
    expect(await http.services.accounts.ask(account, { kind: "catchUp" })).toMatchObject({ seq: 1 });
  });

  test("one whose user is deleted, however often it was asked for before", async () => {
    const { id } = await http.addUser("leaves");
    await http.get(`/users/${id}/mailboxes`);
    await http.request("DELETE", `/users/${id}`);
    expect(await answersAbout(id)).toEqual(notFound);
    expect(await http.services.directory.resolve("leaves@localhost")).toEqual({ ok: false, why: "noSuchUser" });
  });
});
