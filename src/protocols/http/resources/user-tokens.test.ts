import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestServer, type TestServer } from "../../../../test/server.ts";

let parent: string;
let server: TestServer;
const ids: Record<string, string> = {};

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "eider-tokens-"));
  server = await startTestServer({ EIDER_DATA: join(parent, "data") });
  for (const name of ["alice", "bob"]) ids[name] = await server.addUser(name);
});
afterAll(async () => {
  await server.close();
  rmSync(parent, { recursive: true, force: true });
});

async function ask(
  token: string,
  method: string,
  path: string,
  body?: object,
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape are looked into.
): Promise<{ status: number; answer: any }> {
  const response = await fetch(`http://127.0.0.1:${server.http}${path}`, {
    method,
    headers: { "x-access-token": token, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, answer: await response.json() };
}
const statusOf = async (token: string, method: string, path: string, body?: object) =>
  (await ask(token, method, path, body)).status;

async function tokenFor(name: string, password = "secret"): Promise<string> {
  const { status, answer } = await ask(server.token, "POST", "/authenticate", {
    username: `${name}@localhost`,
    password,
    token: true,
  });
  expect([status, answer.id]).toEqual([200, ids[name]]);
  expect(answer.token).toMatch(/^[0-9a-f]{64}$/);
  return answer.token;
}

describe("a user's token", () => {
  test("is given only where it is asked for, with the right password, and for everything", async () => {
    const login = { username: "alice@localhost", password: "secret" };
    expect((await ask(server.token, "POST", "/authenticate", login)).answer.token).toBeUndefined();
    expect(await statusOf(server.token, "POST", "/authenticate", { ...login, token: true, password: "no" })).toBe(403);
    expect(await statusOf(server.token, "POST", "/authenticate", { ...login, token: true, scope: "imap" })).toBe(400);
  });

  test("reaches what is the user's own, by id and as me", async () => {
    const token = await tokenFor("alice");
    expect(await statusOf(token, "GET", "/authenticated")).toBe(200);
    for (const user of ["me", ids.alice!]) {
      const { answer } = await ask(token, "GET", `/users/${user}`);
      expect([answer.id, answer.username]).toEqual([ids.alice, "alice@localhost"]);
      const { results } = (await ask(token, "GET", `/users/${user}/mailboxes`)).answer;
      const inbox = `/users/${user}/mailboxes/${results[0].id}/messages`;
      const { message } = (await ask(token, "POST", inbox, { subject: "own", text: "x" })).answer;
      expect((await ask(token, "GET", `${inbox}/${message.id}`)).answer.subject).toBe("own");
      expect(await statusOf(token, "PUT", `${inbox}/${message.id}`, { seen: true })).toBe(200);
      expect(await statusOf(token, "DELETE", `${inbox}/${message.id}`)).toBe(200);
    }
  });

  test("reaches nothing of others, and nothing of the administrator's", async () => {
    const token = await tokenFor("alice");
    for (const [method, path, body] of [
      ["GET", `/users/${ids.bob}`],
      ["GET", `/users/${ids.bob}/mailboxes`],
      ["PUT", `/users/${ids.bob}`, { name: "x" }],
      ["PUT", `/users/${ids.bob}/logout`, {}],
      ["GET", `/users/${ids.bob}/updates`],
      ["GET", "/users"],
      ["POST", "/users", { username: "carol", password: "x" }],
      ["DELETE", `/users/${ids.alice}`],
      ["POST", `/users/${ids.alice}/password/reset`, {}],
      ["PUT", `/users/${ids.alice}`, { quota: 1 }],
      ["PUT", "/users/me", { disabledScopes: [] }],
      ["GET", "/users/resolve/bob"],
      ["GET", "/sessions"],
      ["DELETE", "/sessions/sess_00"],
      ["GET", "/health/details"],
      ["POST", "/authenticate", { username: "bob@localhost", password: "secret" }],
    ] as [string, string, object?][]) {
      expect(`${method} ${path}: ${await statusOf(token, method, path, body)}`).toBe(`${method} ${path}: 403`);
    }
    expect((await ask(server.token, "GET", "/users/me")).status).toBe(400);
  });

  test("is good for others' eyes nowhere: not in the user's record, not on the disk", async () => {
    const token = await tokenFor("alice");
    const shown = JSON.stringify((await ask(server.token, "GET", `/users/${ids.alice}`)).answer);
    expect(shown).not.toContain("tokens");
    expect(shown).not.toContain(token.slice(24));
    const kept = readdirSync(server.data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { parentPath, name } of kept) {
      expect(readFileSync(join(parentPath, name)).includes(token.slice(24))).toBe(false);
    }
  });

  test("guesses, pieces and what is almost one are refused", async () => {
    const token = await tokenFor("alice");
    const other = token[63] === "0" ? "1" : "0";
    for (const guess of [
      token.slice(0, 63) + other,
      token.toUpperCase(),
      token.slice(24),
      `${ids.bob}${token.slice(24)}`,
      "0".repeat(64),
    ]) {
      expect([guess, await statusOf(guess, "GET", "/users/me")]).toEqual([guess, 403]);
    }
  });

  test("ends by itself, with all others at logout, and at a new password", async () => {
    const [one, two] = [await tokenFor("bob"), await tokenFor("bob")];
    expect(await statusOf(one, "GET", "/users/me")).toBe(200);
    expect(await statusOf(one, "DELETE", "/authenticate")).toBe(200);
    expect([await statusOf(one, "GET", "/users/me"), await statusOf(two, "GET", "/users/me")]).toEqual([403, 200]);
    expect(await statusOf(two, "PUT", "/users/me/logout", {})).toBe(200);
    expect(await statusOf(two, "GET", "/users/me")).toBe(403);
    const three = await tokenFor("bob");
    expect(await statusOf(three, "PUT", "/users/me", { existingPassword: "secret", password: "another" })).toBe(200);
    expect(await statusOf(three, "GET", "/users/me")).toBe(403);
    const four = await tokenFor("bob", "another");
    expect(await statusOf(server.token, "PUT", `/users/${ids.bob}`, { disabled: true })).toBe(200);
    expect(await statusOf(four, "GET", "/users/me")).toBe(403);
    expect(await statusOf(server.token, "PUT", `/users/${ids.bob}`, { disabled: false })).toBe(200);
    expect(await statusOf(server.token, "DELETE", "/authenticate")).toBe(400);
  });

  test("many are given at once, and all are good", async () => {
    const tokens = await Promise.all(Array.from({ length: 12 }, () => tokenFor("alice")));
    for (const token of tokens) expect(await statusOf(token, "GET", "/users/me")).toBe(200);
  });

  test("survives a restart", async () => {
    const token = await tokenFor("alice");
    await server.close();
    server = await startTestServer({ EIDER_DATA: join(parent, "data") });
    expect((await ask(token, "GET", "/users/me")).answer.id).toBe(ids.alice);
  });
});
