import { expect, test } from "bun:test";
import { Newcomers } from "./newcomers.ts";

function scene(perAddress: number) {
  const newcomers = new Newcomers<string>({ perAddress, trusted: (address) => address === "127.0.0.1" });
  let made = 0;
  const come = (address: string): string | null => {
    const connection = `${address}#${made++}`;
    newcomers.enter(connection);
    return newcomers.locate(connection, address) ? connection : null;
  };
  return { newcomers, come };
}

test("so many from one address, whoever else comes; one that leaves makes room", () => {
  const { newcomers, come } = scene(3);
  const here = [come("192.0.2.1"), come("192.0.2.1"), come("::ffff:192.0.2.1")];
  expect(here).not.toContain(null);
  expect(come("192.0.2.1")).toBeNull();
  expect(come("198.51.100.1")).not.toBeNull();
  newcomers.leave(here[1]!);
  newcomers.leave(here[1]!);
  expect(come("192.0.2.1")).not.toBeNull();
  expect(come("192.0.2.1")).toBeNull();
});

test("so many from one network: IPv4 /24, IPv6 /64 and /48", () => {
  const { come } = scene(2);
  const from = (addresses: string[]) => addresses.map(come).filter((connection) => connection !== null).length;
  expect(from(Array.from({ length: 50 }, (_, n) => `192.0.2.${n}`))).toBe(8);
  expect(from(Array.from({ length: 50 }, (_, n) => `2001:db8:1:1::${n + 1}`))).toBe(2);
  expect(from(Array.from({ length: 50 }, (_, n) => `2001:db8:1:${n + 2}::1`))).toBe(6);
  expect(from(["192.0.3.1", "2001:db8:2:1::1"])).toBe(2);
});

test("an address that many share has no limit, and its connections give way like others, the oldest first", () => {
  const { newcomers, come } = scene(1);
  const shared = Array.from({ length: 20 }, () => come("127.0.0.1"));
  expect(shared).not.toContain(null);
  newcomers.leave(shared[0]!);
  expect(newcomers.takeOldest(shared[1]!)).toBe(shared[2]!);
  expect(newcomers.takeOldest("none")).toBe(shared[1]!);
  expect(newcomers.size).toBe(17);
});

test("nothing is kept of those who have gone", () => {
  const { newcomers, come } = scene(5);
  for (let round = 0; round < 3; round++) {
    const all = Array.from({ length: 5 }, () => come("192.0.2.1"));
    expect(all).not.toContain(null);
    for (const connection of all) newcomers.leave(connection!);
  }
  expect(newcomers.size).toBe(0);
  expect(newcomers.takeOldest("none")).toBeNull();
});
