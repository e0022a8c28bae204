import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { type Json, type RealHttp, startRealHttp } from "../real-server.testing.ts";

let http: RealHttp;
beforeAll(async () => {
  http = await startRealHttp();
});
afterAll(() => http.close());

const message = (subject: string, more = "") =>
  `From: Zo\u00eb <zoe@example.com>\r\nTo: b@example.com\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.com>\r\nDate: Tue, 02 Jan 2024 03:04:05 +0000\r\n${more}\r\nBody of ${subject}\r\n`;

async function inbox(name: string) {
  const { id, mailboxes } = await http.addUser(name);
  return { user: id, mailboxes, path: `/users/${id}/mailboxes/${mailboxes.INBOX}/messages` };
}
const ids = ({ results }: Json): number[] => results.map(({ id }: Json) => id);

describe("GET …/messages", () => {
  test("lists by arrival, newest first, page by page", async () => {
    const { path } = await inbox("pages");
    for (let day = 1; day <= 7; day++) await http.post(`${path}?date=2024-01-0${day}`, message(`m${day}`));
    await http.post(`${path}?date=2023-01-01`, message("old")); // UID 8, and yet the oldest
    const first = await http.get(`${path}?limit=3`);
    expect([first.total, first.page, ids(first), first.previousCursor]).toEqual([8, 1, [7, 6, 5], false]);
    const second = await http.get(`${path}?limit=3&next=${first.nextCursor}`);
    const third = await http.get(`${path}?limit=3&next=${second.nextCursor}`);
    expect([ids(second), ids(third), third.nextCursor, third.page]).toEqual([[4, 3, 2], [1, 8], false, 3]);
    await http.post(`${path}?date=2024-02-01`, message("new"));
    const back = await http.get(`${path}?limit=3&previous=${third.previousCursor}`);
    expect(ids(back)).toEqual([4, 3, 2]);
    expect(ids(await http.get(`${path}?order=asc&limit=2`))).toEqual([8, 1]);
  });

  test("shows mail with a large header, which is read in several steps, and as much of that header as is listed", async () => {
    const { path } = await inbox("large");
    const people = Array.from({ length: 4_000 }, (_, at) => `"Somebody of many ${at}" <person-${at}@example.com>`);
    const many = `${Array.from({ length: 20_000 }, (_, at) => `X-Many: ${at}\r\n`).join("")}`;
    const large = `Subject: large\r\nCc: ${people.join(",\r\n ")}\r\n${many}\r\nBody\r\n`;
    for (let at = 0; at < 5; at++) await http.post(path, at === 2 ? message("small") : large);
    const { results } = await http.get(`${path}?order=asc&includeHeaders=X-Many`);
    const known = results[0].cc.length;
    expect(known).toBeGreaterThan(1_000);
    expect(results.map(({ cc }: Json) => cc.length)).toEqual([known, known, 0, known, known]);
    expect(results.map(({ subject }: Json) => subject)).toEqual(["large", "large", "small", "large", "large"]);
    const listed = results[0].headers["x-many"];
    expect([listed[0], listed.at(-1)]).toEqual(["0", String(listed.length - 1)]);
    expect(listed.length).toBeGreaterThan(4_000);
  });

  test("tells of each message what a list shows", async () => {
    const { path } = await inbox("facts");
    await http.post(
      `${path}?unseen=1&flagged=1&date=2024-05-06T07:08:09Z`,
      message("facts", "References: <root@example.com>\r\nX-A: 1\r\nX-A: 2\r\n"),
    );
    await http.post(path, message("reply", "References: <root@example.com> <facts@example.com>\r\n"));
    const { results, specialUse } = await http.get(`${path}?order=asc&includeHeaders=X-A,subject`);
    expect(specialUse).toBeNull();
    expect(results[0]).toMatchObject({
      id: 1,
      from: { name: "Zo\u00eb", address: "zoe@example.com" },
      to: [{ name: "", address: "b@example.com" }],
      subject: "facts",
      messageId: "<facts@example.com>",
      date: "2024-01-02T03:04:05.000Z",
      idate: "2024-05-06T07:08:09.000Z",
      intro: "Body of facts",
      attachments: false,
      seen: false,
      flagged: true,
      answered: false,
      references: ["<root@example.com>"],
      headers: { "x-a": ["1", "2"], subject: "facts" },
    });
    expect(results[0].thread).toMatch(/^[0-9a-f]{24}$/);
    expect(results[1].thread).toBe(results[0].thread);
    expect(ids(await http.get(`${path}?unseen=true`))).toEqual([1]);
    expect((await http.get(`${path}?unseen=true`)).total).toBe(1);
  });
});

describe("GET …/messages/:message", () => {
  const related = [
    "From: a@example.com",
    "Return-Path: <bounce@example.com>",
    "Delivered-To: read@localhost",
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
    "List-ID: The list <list.example.com>",
    "List-Unsubscribe: <mailto:out@example.com>, <https://example.com/out>",
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="m"',
    "",
    "--m",
    'Content-Type: multipart/related; boundary="r"',
    "",
    "--r",
    "Content-Type: text/html; charset=utf-8",
    "",
    '<p>Hi</p><img src="cid:logo@x">',
    "--r",
    "Content-Type: image/png",
    "Content-ID: <logo@x>",
    "Content-Transfer-Encoding: base64",
    "",
    "iVBORw0KGgo=",
    "--r--",
    "--m",
    'Content-Type: text/html; name="evil.html"',
    "Content-Disposition: attachment; filename*=UTF-8''%22%0d%0aX-Evil%3a%201%e2%98%83.html",
    "",
    "<script>alert(1)</script>",
    "--m--",
    "",
  ].join("\r\n");

  test("shows text, HTML with links to its attachments, envelope and list", async () => {
    const { user, path, mailboxes } = await inbox("read");
    const { message } = await http.post(`${path}?unseen=1`, related);
    const shown = await http.get(`${path}/${message.id}`);
    expect(shown).toMatchObject({
      id: message.id,
      user,
      mailbox: mailboxes.INBOX,
      subject: "Gr\u00fc\u00dfe",
      envelope: { from: "bounce@example.com", rcpt: [{ value: "read@localhost", formatted: "read@localhost" }] },
      list: {
        id: { name: "The list", address: "list.example.com" },
        unsubscribe: [{ address: "mailto:out@example.com" }, { address: "https://example.com/out" }],
      },
      seen: false,
    });
    const [logo] = shown.attachments;
    expect(logo).toMatchObject({ contentType: "image/png", related: true, size: 8 });
    expect(shown.html.join("")).toContain(`src="attachment:${logo.id}"`);
    const linked = await http.get(`${path}/${message.id}?replaceCidLinks=true&markAsSeen=true`);
    expect(linked.html.join("")).toContain(`src="${path}/${message.id}/attachments/${logo.id}"`);
    expect(linked.seen).toBe(true);
    expect((await http.get(`${path}/${message.id}`)).seen).toBe(true);
  });

  test("lists every part with a file name, and says so in lists; HTML keeps the plain texts beside it", async () => {
    const { path } = await inbox("named");
    const part = (type: string, text: string) => `--m\r\nContent-Type: ${type}\r\n\r\n${text}\r\n`;
    const { message } = await http.post(
      path,
      `Subject: named\r\nContent-Type: multipart/mixed; boundary=m(x)\r\n\r\n${part("text/plain", "before")}${part("text/html", "<p>shown</p>")}${part("text/html; name=page.html", "<p>file</p>")}${part("text/plain; name*=utf-8''%C3%BC.txt", "after")}--m--\r\n`,
    );
    const { html, text, attachments } = await http.get(`${path}/${message.id}`);
    expect(html).toEqual(["<p>before</p><br/>\n<p>shown</p><br/>\n<p>file</p><br/>\n<p>after</p>"]);
    expect(text).toBe("before\nshown\nfile\nafter");
    expect(attachments.map(({ filename, contentType }: Json) => [filename, contentType])).toEqual([
      ["page.html", "text/html"],
      ["ü.txt", "text/plain"],
    ]);
    const file = await http.request("GET", `${path}/${message.id}/attachments/${attachments[1].id}`);
    expect(await file.text()).toBe("after");
    const { results } = await http.get(path);
    expect(results[0].attachments).toBe(true);
  });

  test("gives attachments as what cannot run here", async () => {
    const { path } = await inbox("attach");
    const { message } = await http.post(path, related);
    const { attachments } = await http.get(`${path}/${message.id}`);
    const bytes = await Promise.all(
      attachments.map(async ({ id, hash, size }: Json) => {
        const response = await http.request("GET", `${path}/${message.id}/attachments/${id}`);
        const body = Buffer.from(await response.arrayBuffer());
        expect([response.status, body.length, createHash("sha256").update(body).digest("hex")]).toEqual([
          200,
          size,
          hash,
        ]);
        expect(response.headers.get("x-content-type-options")).toBe("nosniff");
        expect(response.headers.get("content-security-policy")).toContain("sandbox");
        expect(response.headers.get("content-disposition")).toStartWith("attachment");
        expect(response.headers.get("x-evil")).toBeNull();
        return body.toString("latin1");
      }),
    );
    expect(bytes).toContainEqual(expect.stringContaining("<script>"));
    expect(await http.refused(404, "GET", `${path}/${message.id}/attachments/ATT00099`)).toBe("FileNotFound");
    expect(await http.refused(404, "GET", `${path}/99/attachments/ATT00001`)).toBe("MessageNotFound");
    expect(await http.refused(400, "GET", `${path}/${message.id}/attachments/..%2fx`)).toBe("InputValidationError");
  });

  test("says when there is none", async () => {
    const { path } = await inbox("none");
    expect(await http.refused(404, "GET", `${path}/5`)).toBe("MessageNotFound");
    expect(await http.refused(404, "GET", `${path}/5/message.eml`)).toBe("MessageNotFound");
    expect(await http.refused(400, "GET", `${path}/x`)).toBe("InputValidationError");
    expect(await http.refused(400, "GET", `${path}/4294967296`)).toBe("InputValidationError");
  });
});

describe("message.eml", () => {
  test.each([
    ["text with bare line feeds", Buffer.from("Subject: a\nbare\rCR\n\n\0\xff\xfe end", "latin1")],
    ["no header at all", Buffer.from("\r\n")],
    [
      "3 MB of random bytes",
      Buffer.concat([
        Buffer.from("Subject: big\r\n\r\n"),
        crypto.getRandomValues(Buffer.alloc(65_536)),
        Buffer.alloc(3_000_000, "ab\r\n"),
      ]),
    ],
  ])("is the bytes that came: %s", async (name, bytes) => {
    const { path } = await inbox(`eml${name.length}`);
    const { message } = await http.post(path, new Uint8Array(bytes));
    expect(message.size).toBe(bytes.length);
    const response = await http.request("GET", `${path}/${message.id}/message.eml`);
    expect(response.headers.get("content-type")).toBe("message/rfc822");
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });
});

describe("PUT …/messages", () => {
  test("marks one, a list or a range", async () => {
    const { path } = await inbox("mark");
    for (let i = 1; i <= 5; i++) await http.post(`${path}?unseen=1`, message(`m${i}`));
    expect(await http.put(`${path}/1`, { seen: true })).toEqual({ success: true, updated: 1 });
    expect((await http.put(path, { message: "2,4:*", flagged: true, seen: true })).updated).toBe(3);
    expect((await http.put(path, { message: "1:5", seen: false, deleted: "yes" })).updated).toBe(5);
    const { results } = await http.get(`${path}?order=asc`);
    expect(results.map((shown: Json) => [shown.id, shown.flagged, shown.seen, shown.deleted])).toEqual([
      [1, false, false, true],
      [2, true, false, true],
      [3, false, false, true],
      [4, true, false, true],
      [5, true, false, true],
    ]);
  });

  test("marks and moves in one step, and says the new ids", async () => {
    const { path, mailboxes, user } = await inbox("move");
    for (let i = 1; i <= 4; i++) await http.post(`${path}?unseen=1`, message(`m${i}`));
    const { INBOX: _, ...others } = mailboxes;
    const target = Object.values(others)[0]!;
    const before = await http.get(`/users/${user}/mailboxes/${target}`);
    const moved = await http.put(path, { message: "1,3", moveTo: target, seen: true });
    expect(moved).toMatchObject({
      id: [
        [1, 1],
        [3, 2],
      ],
      mailbox: target,
      updated: 2,
    });
    expect(ids(await http.get(`${path}?order=asc`))).toEqual([2, 4]);
    const there = await http.get(`/users/${user}/mailboxes/${target}/messages?order=asc`);
    expect(there.results.map(({ subject, seen }: Json) => [subject, seen])).toEqual([
      ["m1", true],
      ["m3", true],
    ]);
    const after = await http.get(`/users/${user}/mailboxes/${target}`);
    expect(after.modifyIndex).toBeGreaterThan(before.modifyIndex);
  });

  test("that fails changes nothing", async () => {
    const { path } = await inbox("atomic");
    await http.post(`${path}?unseen=1`, message("m"));
    const nowhere = { message: "1", seen: true, moveTo: "ffffffffffffffffffffffff" };
    expect(await http.refused(404, "PUT", path, nowhere)).toBe("NoSuchMailbox");
    expect((await http.get(path)).results[0].seen).toBe(false);
    expect(await http.refused(404, "PUT", path, { message: "7", seen: true })).toBe("MessageNotFound");
    for (const body of [
      {},
      { message: "1" },
      { message: "x", seen: true },
      { message: "1", seen: "maybe" },
      { message: "1", expires: "2030-01-01" },
    ]) {
      expect(await http.refused(400, "PUT", path, body)).toBe("InputValidationError");
    }
  });
});

describe("DELETE …/messages", () => {
  test("takes one, or all", async () => {
    const { path } = await inbox("delete");
    for (let i = 1; i <= 4; i++) await http.post(path, message(`m${i}`));
    await http.delete(`${path}/2`);
    expect(await http.refused(404, "DELETE", `${path}/2`)).toBe("MessageNotFound");
    expect(await http.delete(`${path}?async=true`)).toMatchObject({ deleted: 3, errors: 0 });
    expect((await http.get(path)).total).toBe(0);
    expect((await http.post(path, message("next"))).message.id).toBe(5);
  });
});

describe("POST …/messages", () => {
  test("dates from 1970 to 2106 are kept, and no other is exchanged for one of them", async () => {
    const { id, mailboxes } = await http.addUser("dated");
    const path = `/users/${id}/mailboxes/${mailboxes.INBOX}/messages`;
    for (const date of ["1969-12-31T23:59:59Z", "2106-02-07T06:28:16Z"])
      expect(await http.refused(400, "POST", `${path}?date=${date}`, "Subject: a\r\n\r\nb")).toBe(
        "InputValidationError",
      );
    expect((await http.get(path)).results).toEqual([]);
    const latest = await http.post(`${path}?date=2106-02-07T06:28:15Z`, "Subject: a\r\n\r\nb");
    expect((await http.get(`${path}/${latest.message.id}`)).idate).toBe("2106-02-07T06:28:15.000Z");
  });

  test("stores a message once under its Idempotency-Key", async () => {
    const { path } = await inbox("once");
    const upload = (key: string) => http.request("POST", path, message("once"), { "idempotency-key": key });
    const answers: Json[] = [];
    for (const key of ["a", "a", "b"]) answers.push(await (await upload(key)).json());
    expect(answers.map(({ message }) => message.id)).toEqual([1, 1, 2]);
    expect((await http.get(path)).total).toBe(2);
  });

  test("replaces the draft it is a later version of, in one step", async () => {
    const { path } = await inbox("draft");
    const draft = { draft: true, text: "first", subject: "s", to: [{ address: "a@example.com" }] };
    const { message } = await http.post(path, draft);
    const later = await http.post(path, { ...draft, text: "second", replacePrevious: { id: message.id } });
    expect(later).toMatchObject({ message: { id: 2 }, previousDeleted: true });
    expect((await http.post(path, { ...draft, replacePrevious: { id: 1 } })).previousDeleted).toBe(false);
    expect(ids(await http.get(`${path}?order=asc`))).toEqual([2, 3]);
    expect((await http.get(`${path}/2`)).text.trim()).toBe("second");
  });

  test("composes an answer that belongs to its conversation", async () => {
    const { path, mailboxes } = await inbox("answer");
    await http.post(path, message("question"));
    const reference = { mailbox: mailboxes.INBOX, id: 1, action: "reply" };
    const { message: answer } = await http.post(path, { text: "yes", reference });
    const shown = await http.get(`${path}/${answer.id}`);
    expect(shown).toMatchObject({ subject: "Re: question", references: ["<question@example.com>"] });
    expect(shown.thread).toBe((await http.get(`${path}/1`)).thread);
  });

  test("keeps what was attached", async () => {
    const { path } = await inbox("attached");
    const bytes = crypto.getRandomValues(Buffer.alloc(300_000));
    const attachments = [
      { filename: "\u00fc.bin", contentType: "application/x-thing", content: bytes.toString("base64") },
    ];
    const { message } = await http.post(path, { subject: "with", html: "<b>x</b>", attachments });
    const shown = await http.get(`${path}/${message.id}`);
    expect(shown.attachments).toMatchObject([
      { filename: "\u00fc.bin", contentType: "application/x-thing", size: 300_000 },
    ]);
    const response = await http.request("GET", `${path}/${message.id}/attachments/${shown.attachments[0].id}`);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect(response.headers.get("content-disposition")).toBe(
      "attachment; filename=\"_.bin\"; filename*=UTF-8''%C3%BC.bin",
    );
  });

  test("refuses forms of browsers, and parts it would lose", async () => {
    const { path } = await inbox("forms");
    const form = await http.request("POST", path, "--x", { "content-type": "multipart/form-data; boundary=x" });
    expect(form.status).toBe(415);
    expect(await http.refused(400, "POST", path, { text: "x", files: ["0123456789abcdef01234567"] })).toBe(
      "InputValidationError",
    );
    expect(await http.refused(400, "POST", path, { text: "x", metaData: { a: 1 } })).toBe("InputValidationError");
    expect((await http.get(path)).total).toBe(0);
  });
});

test("answers of every operation with messages were held to the contract", () => {
  expect([...http.checked].filter((operation) => operation.includes("/messages")).toSorted()).toEqual([
    "DELETE /users/{user}/mailboxes/{mailbox}/messages",
    "DELETE /users/{user}/mailboxes/{mailbox}/messages/{message}",
    "GET /users/{user}/mailboxes/{mailbox}/messages",
    "GET /users/{user}/mailboxes/{mailbox}/messages/{message}",
    "POST /users/{user}/mailboxes/{mailbox}/messages",
    "PUT /users/{user}/mailboxes/{mailbox}/messages",
    "PUT /users/{user}/mailboxes/{mailbox}/messages/{message}",
  ]);
});
