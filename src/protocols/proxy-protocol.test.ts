import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readProxyHeader, trustedAddresses } from "./proxy-protocol.ts";

const octets = (text: string) => Buffer.from(text, "latin1");
const signature = "0d0a0d0a000d0a515549540a";

describe("readProxyHeader", () => {
  test("version 1: the source address, and how long the header is", () => {
    const header = octets("PROXY TCP4 192.0.2.7 198.51.100.1 51000 143\r\na NOOP\r\n");
    expect(readProxyHeader(header)).toEqual({ kind: "header", remote: "192.0.2.7", length: 45 });
    const six = octets("PROXY TCP6 2001:DB8::7 ::1 51000 143\r\n");
    expect(readProxyHeader(six)).toEqual({ kind: "header", remote: "2001:db8::7", length: 38 });
  });

  test("version 1: UNKNOWN leaves the balancer's own address", () => {
    expect(readProxyHeader(octets("PROXY UNKNOWN\r\n"))).toEqual({ kind: "header", remote: null, length: 15 });
    const more = octets("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n");
    expect(readProxyHeader(more)).toMatchObject({ kind: "header", remote: null });
  });

  for (const bad of [
    "PROXY TCP4 2001:db8::7 ::1 1 2\r\n",
    "PROXY TCP4 300.0.0.1 1.1.1.1 1 2\r\n",
    "PROXY TCP4 1.1.1.1 1.1.1.1 1 port\r\n",
    "PROXY TCP4\r\n",
    "PROXYTCP4 1.1.1.1 1.1.1.1 1 2\r\n",
    `PROXY ${"x".repeat(120)}`,
    "a NOOP\r\n",
  ]) {
    test(`${JSON.stringify(bad.slice(0, 40))} is refused`, () => {
      expect(readProxyHeader(octets(bad)).kind).toBe("bad");
    });
  }

  test("version 2: IPv4, IPv6, IPv4 in IPv6, LOCAL, and what follows the addresses", () => {
    const four = Buffer.from(`${signature}2111000cc0000207c6336401c738008f`, "hex");
    expect(readProxyHeader(four)).toEqual({ kind: "header", remote: "192.0.2.7", length: 28 });
    const ports = "c738008f";
    const addresses = `20010db8${"0".repeat(23)}7${"0".repeat(32)}`;
    const six = Buffer.from(`${signature}21210024${addresses}${ports}`, "hex");
    expect(readProxyHeader(six)).toEqual({ kind: "header", remote: "2001:db8::7", length: 52 });
    const mapped = Buffer.from(`${signature}21210024${"0".repeat(20)}ffffc0000207${"0".repeat(32)}${ports}`, "hex");
    expect(readProxyHeader(mapped)).toMatchObject({ remote: "192.0.2.7" });
    const local = Buffer.from(`${signature}20000000`, "hex");
    expect(readProxyHeader(local)).toEqual({ kind: "header", remote: null, length: 16 });
    const tlv = Buffer.from(`${signature}21110010c0000207c6336401c738008f04000161`, "hex");
    expect(readProxyHeader(tlv)).toEqual({ kind: "header", remote: "192.0.2.7", length: 32 });
  });

  test("version 2: another version, an unknown command, too short and too long are refused", () => {
    for (const bad of ["1111000c", "2211000c", "2111000800000000", "2121000c", "2111ffff"]) {
      const header = Buffer.concat([Buffer.from(`${signature}${bad}`, "hex"), Buffer.alloc(64)]);
      expect(readProxyHeader(header).kind).toBe("bad");
    }
  });

  test("a header cut anywhere wants more, and any octets get an answer", () => {
    const whole = [
      octets("PROXY TCP4 192.0.2.7 198.51.100.1 51000 143\r\n"),
      Buffer.from(`${signature}2111000cc0000207c6336401c738008f`, "hex"),
    ];
    for (const header of whole) {
      for (let length = 0; length < header.length; length++) {
        expect(readProxyHeader(header.subarray(0, length)).kind).toBe("more");
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(["more", "bad", "header"]).toContain(readProxyHeader(bytes).kind);
      }),
    );
  });
});

describe("trustedAddresses", () => {
  test("addresses and blocks, IPv4 in IPv6 too", () => {
    const trusted = trustedAddresses(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]);
    for (const yes of ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.7", "2001:db8:1::1"]) expect(trusted(yes)).toBe(true);
    for (const no of ["11.0.0.1", "192.0.2.8", "2001:db9::1", "nonsense", ""]) expect(trusted(no)).toBe(false);
    expect(trustedAddresses([])("127.0.0.1")).toBe(false);
  });

  test("what is neither is named", () => {
    for (const bad of ["localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::/129", ""]) {
      expect(() => trustedAddresses([bad])).toThrow(RangeError);
    }
  });
});
