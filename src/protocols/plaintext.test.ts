import { expect, test } from "bun:test";
import { isLoopback, passwordsAllowed } from "./plaintext.ts";

test("loopback is 127/8 and ::1, IPv4 in IPv6 too", () => {
  for (const yes of ["127.0.0.1", "127.200.3.4", "::1", "::ffff:127.0.0.1"]) expect(isLoopback(yes)).toBe(true);
  for (const no of ["192.0.2.1", "::2", "::ffff:192.0.2.1", "127.0.0.1.example.com", ""])
    expect(isLoopback(no)).toBe(false);
});

test("passwords: over TLS from anywhere, in clear text from here or where the operator says so", () => {
  expect(passwordsAllowed({ secure: true, remote: "192.0.2.1" }, false)).toBe(true);
  expect(passwordsAllowed({ secure: false, remote: "192.0.2.1" }, false)).toBe(false);
  expect(passwordsAllowed({ secure: false, remote: "192.0.2.1" }, true)).toBe(true);
  expect(passwordsAllowed({ secure: false, remote: "127.0.0.1" }, false)).toBe(true);
});
