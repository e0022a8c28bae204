import { expect, test } from "bun:test";
import { detailsOf } from "./message-view.ts";

const none: never[] = [];
const summary = {
  ...{ replyTo: none, to: none, cc: none, bcc: none, references: none, flags: none, from: null },
  ...{ subject: "", messageId: "", inReplyTo: "", message: "", date: null, intro: "", internalDate: 0 },
  contentType: { value: "text/plain", params: {} },
};

function listOf(listId: string) {
  const headers = [{ key: "list-id", value: listId }];
  const message = { summary, headers, attachments: [] };
  return detailsOf(message as never, { user: "u", mailbox: "m" } as never).list?.id;
}

test.each([
  ["Eider's users <users.eider.example>", { name: "Eider's users", address: "users.eider.example" }],
  ['"Users" <users.eider.example>  ', { name: "Users", address: "users.eider.example" }],
  ["<users.eider.example>", { name: "", address: "users.eider.example" }],
  ["a <b> <c.example>", { name: "a <b>", address: "c.example" }],
  [" users.eider.example ", { name: "", address: "users.eider.example" }],
  ["(by hand) Users(all) <users.eider.example> (\\)>)", { name: "Users", address: "users.eider.example" }],
  ["<a> b", { name: "", address: "<a> b" }],
  ["a <b>>", { name: "", address: "a <b>>" }],
])("List-Id %s (RFC 2919 §3)", (value, id) => {
  expect(listOf(value)).toEqual(id);
});
