import { expect, test } from "bun:test";
import { failureResponse } from "./failure.ts";
import { granted, refusalFailure } from "./refusals.ts";

test("a refusal is an error with a code", async () => {
  const response = failureResponse(refusalFailure({ kind: "noSuchMailbox", path: "x" }));
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({ error: "This mailbox does not exist", code: "NoSuchMailbox" });
});

test("what may work soon says when to try again", () => {
  for (const kind of ["busy", "unavailable"] as const) {
    const response = failureResponse(refusalFailure({ kind, why: "disk I/O error at /var/lib" }));
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  }
});

test("inner reasons of failures are not shown", async () => {
  const response = failureResponse(refusalFailure({ kind: "unavailable", why: "disk I/O error at /var/lib" }));
  expect(await response.text()).not.toContain("disk");
});

test("a bad mailbox name says why", async () => {
  const response = failureResponse(refusalFailure({ kind: "badMailboxName", path: "a//b", why: "empty level" }));
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    error: "This is not a mailbox name: empty level",
    code: "InputValidationError",
    details: { path: "empty level" },
  });
});

test("granted lets answers through and throws refusals", () => {
  expect(granted({ ok: true, seq: 1 } as const).seq).toBe(1);
  expect(() => granted({ ok: false, refusal: { kind: "inboxStays" } } as const)).toThrow("INBOX cannot be deleted");
});
