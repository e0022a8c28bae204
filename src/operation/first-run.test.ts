import { expect, test } from "bun:test";
import { banner, readablePassword } from "./first-run.ts";

const endpoint = (port: number, tls = false, host = "127.0.0.1") => ({ host, port, tls });
const facts = {
  version: "0.1.0",
  store: "embedded store in ./data",
  listening: {
    imap: [endpoint(1143), endpoint(1993, true)],
    pop3: [endpoint(1110, false, "0.0.0.0")],
    lmtp: [endpoint(2424, false, "::1")],
    http: [endpoint(8080)],
  },
  account: null,
};

test("the banner names version, store and every address", () => {
  expect(banner(facts).split("\n")).toEqual([
    "Eider 0.1.0, embedded store in ./data",
    "",
    "  IMAP      127.0.0.1:1143   STARTTLS   127.0.0.1:1993   TLS",
    "  POP3      127.0.0.1:1110   STLS",
    "  LMTP      [::1]:2424       STARTTLS",
    "  HTTP      http://127.0.0.1:8080/",
    "  Console   http://127.0.0.1:8080/",
    "",
    "  Accounts  npm run -s eider -- user list    (user passwd ADDRESS: a new password)",
    "",
  ]);
});

test("on the first run it shows the account and lines to paste", () => {
  const account = { address: "demo@localhost", password: "abcd-efgh" };
  const text = banner({ ...facts, account });
  expect(text).toContain("  Account   demo@localhost\n  Password  abcd-efgh ");
  expect(text).toContain("curl -sS 'imap://127.0.0.1:1143/INBOX;UID=1' --user 'demo@localhost:abcd-efgh'\n");
  expect(text).toMatch(/printf '.*RCPT TO:<demo@localhost>.*' \| curl .*telnet:\/\/\[::1\]:2424\n/);
});

test("what does not listen is not shown", () => {
  const text = banner({
    ...facts,
    listening: { ...facts.listening, lmtp: [], http: [] },
    account: { address: "a@b", password: "p" },
  });
  expect(text).not.toMatch(/LMTP|HTTP|Console|telnet|Deliver/);
});

test("a readable password has 80 bits in four groups", () => {
  expect(readablePassword(new Uint8Array(16))).toBe("2222-2222-2222-2222");
  expect(readablePassword(Uint8Array.from({ length: 16 }, (_, n) => n * 17))).toMatch(
    /^[2-9a-km-np-z]{4}(-[2-9a-km-np-z]{4}){3}$/,
  );
});
