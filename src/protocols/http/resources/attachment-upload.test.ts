import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Json, type RealHttp, startRealHttp } from "../real-server.testing.ts";

let http: RealHttp;
let messages: string;
beforeAll(async () => {
  http = await startRealHttp();
  const { id, mailboxes } = await http.addUser("attach");
  messages = `/users/${id}/mailboxes/${mailboxes.INBOX}/messages`;
});
afterAll(() => http.close());

describe("the content of an attachment", () => {
  test("that is not of its encoding is refused with its name, and nothing is stored", async () => {
    const good = { filename: "good", content: "aGVsbG8=" };
    for (const [attachment, why] of [
      [{ content: "hello, world" }, "is not Base64"],
      [{ content: "hello, world ".repeat(100_000) }, "is not Base64"],
      [{ content: "data:image/png;base64,?" }, "is not a data URI"],
      [{ content: "xyz", encoding: "hex" }, "is not hexadecimal"],
      [{ content: "€", encoding: "binary" }, "has characters that are not in binary"],
    ] as const) {
      const body = { subject: "x", attachments: [good, attachment] };
      const answer = await http.request("POST", messages, body);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({
        code: "InputValidationError",
        details: { "attachments.1.content": `"attachments.1.content" ${why}` },
      });
    }
    expect((await http.get(messages)).total).toBe(0);
  });

  test("is kept octet for octet, a data URI as what it is", async () => {
    const octets = Buffer.from(Array.from({ length: 70_000 }, (_, at) => at % 256));
    const attachments = [
      { filename: "plain", content: octets.toString("base64") },
      { filename: "lines", content: octets.toString("base64").replace(/.{76}/g, "$&\r\n") },
      { filename: "uri.png", content: `data:image/png;base64,${octets.toString("base64")}` },
      {
        filename: "named.gif",
        contentType: "image/gif",
        content: `data:image/png;base64,${octets.toString("base64")}`,
      },
      { filename: "hex", encoding: "hex", content: octets.toString("hex") },
    ];
    const { message } = await http.post(messages, { subject: "x", text: "see these", attachments });
    const stored = await http.get(`${messages}/${message.id}`);
    expect(stored.attachments.map(({ filename, contentType }: Json) => [filename, contentType])).toEqual([
      ["plain", "application/octet-stream"],
      ["lines", "application/octet-stream"],
      ["uri.png", "image/png"],
      ["named.gif", "image/gif"],
      ["hex", "application/octet-stream"],
    ]);
    for (const { id } of stored.attachments) {
      const answer = await http.request("GET", `${messages}/${message.id}/attachments/${id}`);
      expect(Buffer.from(await answer.arrayBuffer()).equals(octets)).toBe(true);
    }
  });
});
