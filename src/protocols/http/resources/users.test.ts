import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pbkdf2Sync } from "node:crypto";
import { checkAnswer } from "../contract.testing.ts";
import { type Json, type RealHttp, startRealHttp } from "../real-server.testing.ts";

let http: RealHttp;
beforeAll(async () => {
  http = await startRealHttp();
});
afterAll(() => http.close());

describe("POST /users", () => {
  test("makes a user who can log in and has the standard mailboxes under the names asked for", async () => {
    const { id } = await http.post("/users", {
      username: "anna",
      password: "correct horse",
      name: "Anna",
      quota: 1000,
      tags: ["a", "b"],
      metaData: { shoe: 38 },
      mailboxes: { sent: "Gesendet" },
    });
    expect(id).toMatch(/^[0-9a-f]{24}$/);
    const user = await http.get(`/users/${id}`);
    expect(user).toMatchObject({
      username: "anna",
      name: "Anna",
      address: "anna@localhost",
      tags: ["a", "b"],
      metaData: { shoe: 38 },
      hasPasswordSet: true,
      disabled: false,
      limits: { quota: { allowed: 1000, used: 0 } },
    });
    const { results } = await http.get(`/users/${id}/mailboxes?specialUse=true`);
    expect(results.map((mailbox: Json) => [mailbox.path, mailbox.specialUse])).toContainEqual(["Gesendet", "\\Sent"]);
    expect((await http.post("/authenticate", { username: "anna", password: "correct horse" })).id).toBe(id);
  });

  test("takes over hashes of other servers, and refuses those it cannot check", async () => {
    const hashes = {
      bcrypt: await Bun.password.hash("moved in", { algorithm: "bcrypt", cost: 4 }),
      pbkdf2: `$pbkdf2-sha256$i=1000$${Buffer.from("salt").toString("base64")}$${pbkdf2Sync("moved in", "salt", 1000, 32, "sha256").toString("base64")}`,
    };
    for (const [username, password] of Object.entries(hashes)) {
      const { id } = await http.post("/users", { username, password, hashedPassword: true });
      expect((await http.post("/authenticate", { username, password: "moved in" })).id).toBe(id);
      expect(await http.refused(403, "POST", "/authenticate", { username, password })).toBe("AuthFailed");
    }
    const plain = { username: "plain", password: "no hash", hashedPassword: "yes" };
    expect(await http.refused(400, "POST", "/users", plain)).toBe("InputValidationError");
    const hash = { username: "costly", password: `$2b$15$${"a".repeat(53)}`, hashedPassword: true };
    const answer = await http.request("POST", "/users", hash);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as Json).error).toBe(
      '"password" is a hash that takes too long to check: its cost is too high',
    );
    expect(await http.refused(404, "GET", "/users/resolve/costly")).toBe("UserNotFound");
  });

  test("refuses names and addresses that are taken, and bad ones", async () => {
    await http.addUser("taken");
    expect(await http.refused(400, "POST", "/users", { username: "Ta.ken", password: "x" })).toBe("UserExistsError");
    const address = { username: "other", password: "x", address: "taken@localhost" };
    expect(await http.refused(400, "POST", "/users", address)).toBe("AddressExistsError");
    for (const body of [
      { username: "no spaces", password: "x" },
      { username: "x".repeat(129), password: "x" },
      { username: "nopass" },
      { password: "x" },
      { username: "a1", password: "x", address: "nobody" },
      { username: "a2", password: "x", quota: -1 },
      { username: "a3", password: "x", spamLevel: 101 },
      { username: "a4", password: 5 },
      { username: "a5", password: "x", disabledScopes: ["http"] },
      { username: "a6", password: "x", encryptMessages: "yes" },
    ]) {
      expect(await http.refused(400, "POST", "/users", body)).toBe("InputValidationError");
    }
  });

  test("of two who come at once for one name, one gets it", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => http.request("POST", "/users", { username: "race", password: "x" })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(7).fill(400)]);
  });
});

describe("GET /users", () => {
  test("walks all users by pages, forwards and back", async () => {
    const own = await startRealHttp();
    const names = Array.from({ length: 7 }, (_, at) => `user${at}`);
    for (const name of names) await own.addUser(name);
    const pages: Json[] = [await own.get("/users?limit=3")];
    while (pages.at(-1).nextCursor) pages.push(await own.get(`/users?limit=3&next=${pages.at(-1).nextCursor}`));
    expect(pages.map(({ page, total, results }) => [page, total, results.length])).toEqual([
      [1, 7, 3],
      [2, 7, 3],
      [3, 7, 1],
    ]);
    const listed = pages.flatMap(({ results }) => results.map(({ username }: Json) => username));
    expect(listed.toSorted()).toEqual(names);
    expect(pages[0].previousCursor).toBe(false);
    const back = await own.get(`/users?limit=3&previous=${pages[2].previousCursor}`);
    expect([back.page, back.results]).toEqual([2, pages[1].results]);
    const first = await own.get(`/users?limit=3&previous=${back.previousCursor}`);
    expect([first.page, first.previousCursor, first.results]).toEqual([1, false, pages[0].results]);
    const found = await own.get("/users?query=user5");
    expect([found.total, found.query, found.results[0].username]).toEqual([1, "user5", "user5"]);
    await own.close();
  });

  test("refuses a cursor that is none, and a filter it would ignore", async () => {
    expect(await http.refused(400, "GET", "/users?next=zzz")).toBe("InputValidationError");
    expect(await http.refused(400, "GET", "/users?tags=a")).toBe("InputValidationError");
  });
});

describe("GET /users/resolve/:username", () => {
  test("finds by name and address, and says when there is none", async () => {
    const { id } = await http.addUser("re.solve");
    for (const name of ["re.solve", "RESOLVE", "resolve@localhost", "re.solve%2Btag@localhost"]) {
      expect((await http.get(`/users/resolve/${name}`)).id).toBe(id);
    }
    expect(await http.refused(404, "GET", "/users/resolve/nobody")).toBe("UserNotFound");
  });
});

describe("PUT /users/:user", () => {
  test("changes what it names and leaves the rest", async () => {
    const { id } = await http.addUser("change", { name: "Before", targets: ["a@example.com"], forwards: 5 });
    const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    for (const name of ["metaData", "internalData"]) {
      for (const depth of [65, 10_000]) {
        for (const body of [`{"${name}":${nested(depth)}}`, JSON.stringify({ [name]: nested(depth) })]) {
          const refused = await http.request("PUT", `/users/${id}`, body, { "content-type": "application/json" });
          expect([refused.status, ((await refused.json()) as Json).details]).toEqual([
            400,
            { [name]: `"${name}" must not be nested deeper than 64 levels` },
          ]);
        }
      }
      await http.put(`/users/${id}`, { [name]: JSON.parse(nested(64)) });
    }
    await http.put(`/users/${id}`, { quota: "5000", forwards: 7, metaData: '{"a":1}' });
    const user = await http.get(`/users/${id}`);
    expect(user).toMatchObject({ name: "Before", targets: ["a@example.com"], metaData: { a: 1 } });
    expect(user.limits).toMatchObject({ quota: { allowed: 5000 }, forwards: { allowed: 7 } });
    const { results } = await http.get("/users?query=change&metaData=1");
    expect(results[0]).toMatchObject({ quota: { allowed: 5000, used: 0 }, metaData: { a: 1 } });
  });

  test("holds the account to its new quota", async () => {
    const { id, mailboxes } = await http.addUser("shrink");
    await http.put(`/users/${id}`, { quota: 100 });
    const path = `/users/${id}/mailboxes/${mailboxes.INBOX}/messages`;
    expect(await http.refused(403, "POST", path, `Subject: a\r\n\r\n${"x".repeat(200)}`)).toBe("OverQuotaError");
    await http.put(`/users/${id}`, { quota: 0 });
    await http.post(path, `Subject: a\r\n\r\n${"x".repeat(200)}`);
    expect((await http.get(`/users/${id}`)).limits.quota).toEqual({ allowed: 0, used: 214 });
    const { storageUsed, previousStorageUsed } = await http.post(`/users/${id}/quota/reset`, {});
    expect([storageUsed, previousStorageUsed]).toEqual([214, 214]);
  });

  test("sets a password, with the old one checked where it is given", async () => {
    const { id } = await http.addUser("pass");
    const wrong = { existingPassword: "wrong", password: "new" };
    expect(await http.refused(403, "PUT", `/users/${id}`, wrong)).toBe("AuthFailed");
    await http.put(`/users/${id}`, { existingPassword: "pass-secret", password: "new" });
    expect(await http.refused(403, "POST", "/authenticate", { username: "pass", password: "pass-secret" })).toBe(
      "AuthFailed",
    );
    await http.post("/authenticate", { username: "pass", password: "new" });
  });

  test("disables, and then nobody logs in", async () => {
    const { id } = await http.addUser("off");
    await http.put(`/users/${id}`, { disabled: true });
    expect(await http.refused(403, "POST", "/authenticate", { username: "off", password: "off-secret" })).toBe(
      "UserDisabled",
    );
    expect((await http.get(`/users/${id}`)).disabled).toBe(true);
  });

  test("of nobody is UserNotFound", async () => {
    const nobody = "ffffffffffffffffffffffff";
    for (const method of ["GET", "PUT", "DELETE"]) {
      expect(await http.refused(404, method, `/users/${nobody}`, method === "PUT" ? {} : undefined)).toBe(
        "UserNotFound",
      );
    }
    expect(await http.refused(400, "GET", "/users/nonsense")).toBe("InputValidationError");
  });
});

describe("PUT /users/:user, many at once", () => {
  test("keeps every setting that was told success", async () => {
    const { id } = await http.post("/users", { username: "busy", password: false });
    for (let round = 1; round <= 50; round++) {
      await Promise.all([
        http.put(`/users/${id}`, { recipients: round }),
        http.put(`/users/${id}`, { receivedMax: round, tags: [`${round}`] }),
        http.put(`/users/${id}`, { mtaRelay: `smtp://relay${round}` }),
      ]);
      const user = await http.services.directory.userById(id);
      expect(user!.settings).toEqual({ recipients: round, receivedMax: round, mtaRelay: `smtp://relay${round}` });
      expect(user!.tags).toEqual([`${round}`]);
    }
  });

  test("leaves what was not named, and does not show how often the user was changed", async () => {
    const { id } = await http.post("/users", { username: "same", password: false, recipients: 5 });
    await http.put(`/users/${id}`, { name: "Sam" });
    const user = await http.services.directory.userById(id);
    expect(user).toMatchObject({ name: "Sam", settings: { recipients: 5 } });
    expect(user).not.toHaveProperty("version");
  });
});

describe("POST /users/:user/password/reset", () => {
  test("gives a password that works, and asks for another", async () => {
    const { id } = await http.addUser("forgot");
    const { password } = await http.post(`/users/${id}/password/reset`, {});
    expect(password).toMatch(/^[a-z2-9!]{16}$/);
    const login = await http.post("/authenticate", { username: "forgot", password });
    expect(login).toMatchObject({ id, scope: "master", require2fa: false, requirePasswordChange: true });
  });
});

describe("DELETE /users/:user", () => {
  test("takes the user, its address and its mail", async () => {
    const { id, mailboxes } = await http.addUser("gone");
    const path = `/users/${id}/mailboxes/${mailboxes.INBOX}/messages`;
    await http.post(path, "Subject: a\r\n\r\nb");
    expect(await http.delete(`/users/${id}`)).toMatchObject({ user: id });
    expect(await http.refused(404, "GET", `/users/${id}`)).toBe("UserNotFound");
    expect(await http.refused(404, "GET", path)).toBe("UserNotFound");
    const again = await http.addUser("gone");
    expect(again.id).not.toBe(id);
    expect((await http.get(`/users/${again.id}/mailboxes/${again.mailboxes.INBOX}/messages`)).total).toBe(0);
  });

  test("later is refused: nothing would remember it", async () => {
    const { id } = await http.addUser("later");
    expect(await http.refused(400, "DELETE", `/users/${id}?deleteAfter=2030-01-01`)).toBe("InputValidationError");
    await http.delete(`/users/${id}?deleteAfter=false`);
  });
});

describe("sessions", () => {
  test("are listed, ended one by one, and all of a user's at once", async () => {
    const { id } = await http.addUser("online");
    const ended: string[] = [];
    const open = async (mailbox: string) => {
      const session = await http.services.sessions.open({
        account: id as never,
        user: "online",
        protocol: "imap",
        remote: "203.0.113.5",
        secure: true,
        limit: 10,
        asked: http.services.clock.monotonic(),
        onEnd: (reason) => ended.push(`${mailbox}: ${reason}`),
      });
      if (!session.ok) throw new Error("It was refused");
      return session.id;
    };
    const first = await open("a");
    await open("b");
    const { results } = await http.get(`/sessions?user=${id}`);
    expect(results).toHaveLength(2);
    expect(results[0]).toMatchObject({
      user: id,
      username: "online",
      protocol: "imap",
      remote: "203.0.113.5",
      secure: true,
    });
    await http.delete(`/sessions/${first}?reason=Maintenance`);
    expect(ended).toEqual(["a: Maintenance"]);
    await http.put(`/users/${id}/logout`, { reason: "Bye" });
    expect(ended).toContain("b: Bye");
    expect(await http.refused(404, "DELETE", "/sessions/sess_0123456789abcdef")).toBe("SessionNotFound");
    expect(await http.refused(400, "DELETE", `/sessions/${first}?reason=a%0d%0ab`)).toBe("InputValidationError");
  });
});

test("answers of every operation with users were held to the contract", () => {
  expect([...http.checked].filter((operation) => !operation.includes("mailboxes")).toSorted()).toEqual([
    "DELETE /users/{user}",
    "GET /users",
    "GET /users/resolve/{username}",
    "GET /users/{user}",
    "POST /authenticate",
    "POST /users",
    "POST /users/{user}/password/reset",
    "POST /users/{user}/quota/reset",
    "PUT /users/{user}",
    "PUT /users/{user}/logout",
  ]);
});

test("an answer that breaks the contract is noticed", () => {
  const broken = { success: true, total: "1", page: 1, previousCursor: false, nextCursor: 5, query: "", results: [{}] };
  const { problems } = checkAnswer("GET", "/users", broken)!;
  expect(problems).toContain('$.total: is "1", no number');
  expect(problems).toContain("$.nextCursor: fits none of 2 choices");
  expect(problems).toContain("$.results[0].username: is missing");
});
